import { gravvDeliveries } from '@hookproof/endpoints';
import { afterEach, describe, expect, it } from 'vitest';
import { all, errorOf } from './clients.ts';
import { loseAnswer, type ProviderServer, type Reply, reply, serve } from './servers.ts';

const apiKey = 'grvSec_sandbox_0123456789abcdef';
const id = '550e8400-e29b-41d4-a716-446655440000';
const summary = {
  ...{ id, event_type: 'transfer.status.completed', path: 'https://example.com/hooks', http_method: 'POST' },
  ...{ status: 'sent', response_status_code: 200, created_at: '2026-01-15T10:30:00Z', last_attempt: null },
};
const detail = {
  ...{ ...summary, event_id: 'evt-abc-123', attempts: 1, max_retries: 3, payload: { event_id: 'evt-abc-123' } },
  request_headers: { 'X-Signature': '3f9b', 'X-Event-ID': ['evt-abc-123'], 'X-None': null },
  response_body: { outcome: 'stored' },
};

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closings.splice(0).map((close) => close()));
});

/** A Gravv that answers each call with the same, and a client of it that waits for nothing. */
async function gravv(
  body: unknown = {},
): Promise<{ server: ProviderServer; client: ReturnType<typeof gravvDeliveries> }> {
  const server = await serve(
    ({ headers }): Reply =>
      headers['api-key'] === apiKey
        ? { status: 200, body }
        : { status: 401, body: { data: null, error: 'unauthorized' } },
  );
  closings.push(server.close);
  return { server, client: gravvDeliveries({ apiKey, baseUrl: server.baseUrl, backoff: () => 0 }) };
}

const delivery = {
  ...{ id, eventId: undefined, eventType: 'transfer.status.completed', status: 'sent', attempts: undefined },
  ...{ url: 'https://example.com/hooks', responseStatus: 200, createdAt: '2026-01-15T10:30:00Z' },
};

describe("Gravv's history", () => {
  it('is asked for as its API documents, and not before it is read', async () => {
    const { server, client } = await gravv({ data: { items: [summary], page: 1, total_items: 1 }, error: null });
    const since = new Date('2026-01-01T00:00:00Z');
    const until = new Date('2026-02-01T00:00:00Z');
    const history = client.history({ status: 'failed', type: 'transfer.status.completed', since, until, pageSize: 7 });
    expect(server.seen).toEqual([]);
    expect(await all(history)).toEqual([{ ...delivery, lastAttemptAt: undefined }]);
    expect(server.seen.map(({ method, path, query }) => [method, path, Object.fromEntries(query)])).toEqual([
      [
        'GET',
        '/v1/webhooks/history',
        {
          ...{ status: 'failed', event_type: 'transfer.status.completed', page: '1', limit: '7' },
          ...{ start_date: since.toISOString(), end_date: until.toISOString() },
        },
      ],
    ]);
  });

  it.each([
    ['at the top', [summary]],
    ['under data', { data: [summary] }],
    ['under data.items', { data: { items: [summary], total_items: 1 } }],
    ['under items', { items: [summary] }],
    ['under history', { history: [summary] }],
    ['under events', { events: [summary] }],
    ['under data.history', { data: { history: [summary] }, total: 1 }],
  ])('is read %s', async (_where, body) => {
    const { server, client } = await gravv(body);
    server.next(reply(200, body), reply(200, []));
    expect(await all(client.history())).toMatchObject([delivery]);
  });

  it('has ids that are text or numbers, and other names of the same', async () => {
    const row = { id: 7, event_id: 8, type: 'a', timestamp: '2026', status_code: 500, attempt_count: 2, url: 'u' };
    const { client } = await gravv({ items: [row], total: 1 });
    expect(await all(client.history())).toMatchObject([
      { id: '7', eventId: '8', eventType: 'a', createdAt: '2026', responseStatus: 500, attempts: 2, url: 'u' },
    ]);
  });

  it.each([
    [{}, 'items'],
    [{ data: { items: 5 } }, 'items'],
    [{ items: [5] }, 'items[0]'],
    [{ items: [summary, { ...summary, id: null }] }, 'items[1].id'],
    [{ items: [{ ...summary, event_type: 5 }] }, 'items[0].event_type'],
    [{ items: [{ ...summary, created_at: undefined }] }, 'items[0].created_at'],
  ])('that is not understood names the field: %j', async (body, field) => {
    const { client } = await gravv(body);
    const error = await errorOf(all(client.history()));
    expect(error).toMatchObject({
      code: 'unexpected_response',
      message: expect.stringContaining(`${field} in the answer`),
    });
  });
});

describe('an event of Gravv', () => {
  it.each([
    ['at the top', detail],
    ['under data', { data: detail, error: null }],
    ['under event', { event: detail }],
  ])('is read with what was sent, %s', async (_where, body) => {
    const { server, client } = await gravv(body);
    const event = await client.event(id);
    expect(event).toMatchObject({ id, eventId: 'evt-abc-123', attempts: 1, maxRetries: 3 });
    expect([event.payload, event.responseBody]).toEqual([{ event_id: 'evt-abc-123' }, { outcome: 'stored' }]);
    expect([...event.requestHeaders]).toEqual([
      ['x-signature', '3f9b'],
      ['x-event-id', 'evt-abc-123'],
    ]);
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: `/v1/webhooks/event/${id}` });
  });

  it('has calls, in whatever form', async () => {
    const call = { status: 'failed', response_status_code: 500, duration_ms: 12, attempted_at: '2026' };
    const read = { status: 'failed', responseStatus: 500, durationMs: 12, at: '2026' };
    for (const body of [[call], { data: [call] }, { data: { calls: [call] } }, { attempts: [call] }]) {
      const { server, client } = await gravv(body);
      expect(await client.calls(id)).toMatchObject([read]);
      expect(server.seen[0]).toMatchObject({ method: 'GET', path: `/v1/webhooks/calls/${id}` });
    }
    const { client } = await gravv({ data: {} });
    expect(await errorOf(client.calls(id))).toMatchObject({ message: expect.stringContaining('calls in the answer') });
  });

  it('is sent again, also when an answer was lost', async () => {
    const result = { id, status_code: 202, duration_ms: 142, response_body: { outcome: 'stored' } };
    const { server, client } = await gravv({ data: result, error: null });
    server.next(loseAnswer, reply(429, { error: 'slow down' }, { 'retry-after': '0' }));
    const read = { responseStatus: 202, durationMs: 142, responseBody: { outcome: 'stored' } };
    expect(await client.send(id)).toEqual(read);
    const post = { method: 'POST', path: `/v1/webhooks/event/send/${id}`, body: '' };
    expect(server.seen).toMatchObject([post, post, post]);
  });

  it('that is not there is not_found, with a fix that does not speak of endpoints', async () => {
    const { server, client } = await gravv();
    server.next(reply(404, { data: null, error: 'record not found' }));
    const error = await errorOf(client.event(id));
    expect(error).toMatchObject({ code: 'not_found', providerMessage: 'record not found', mayExist: false });
    expect(error.message).toBe(
      'Gravv has no event with this id (404). Take it from history(): sandbox and live have each their own, and the API key says which is meant.',
    );
  });
});

it('what could not be sent again never claims that an endpoint may exist', async () => {
  const { server, client } = await gravv();
  server.next(...Array.from({ length: 4 }, () => reply(500, { error: 'boom' })));
  const error = await errorOf(client.send(id));
  expect(error).toMatchObject({ code: 'server_error', attempts: 4, mayExist: false });
  expect(error.message).not.toContain('endpoint');
});

it('the API key of Gravv goes in a header of its own, and is in no error', async () => {
  const { server, client } = await gravv([]);
  await all(client.history());
  expect(server.seen[0]?.headers).toMatchObject({ 'api-key': apiKey, accept: 'application/json' });
  expect(server.seen[0]?.headers.authorization).toBeUndefined();
  server.next(reply(401, { error: `no ${apiKey}` }));
  const error = await errorOf(all(client.history()));
  expect(error).toMatchObject({ code: 'unauthorized', providerMessage: 'no [redacted]' });
});

it.each([
  [() => gravvDeliveries({ apiKey: '' }), 'apiKey is empty'],
  [() => gravvDeliveries({ apiKey, requestsPerSecond: 0 }), 'requestsPerSecond is not a rate'],
  [() => gravvDeliveries({ apiKey }).history({ pageSize: 101 }), 'pageSize is not a size'],
  [() => gravvDeliveries({ apiKey }).history({ page: 0 }), 'page is not a page'],
  [() => gravvDeliveries({ apiKey }).history({ type: '' }), 'type is not a type'],
  [() => gravvDeliveries({ apiKey }).history({ since: new Date(2), until: new Date(1) }), 'since is after until'],
  [() => gravvDeliveries({ apiKey }).history({ since: new Date('no') }), 'since is not a Date'],
])('wrong arguments of Gravv are named before anything is sent: %#', (call, message) => {
  expect(call).toThrow(message);
});

it('an id that could lead elsewhere is refused', async () => {
  const { server, client } = await gravv();
  for (const wrong of ['../x', '', 'a/b', 'a?b']) {
    for (const call of [client.event(wrong), client.calls(wrong), client.send(wrong)]) {
      await expect(call).rejects.toMatchObject({
        code: 'invalid_options',
        message: expect.stringMatching(/^id is not an id of an event/),
      });
    }
  }
  expect(server.seen).toEqual([]);
});

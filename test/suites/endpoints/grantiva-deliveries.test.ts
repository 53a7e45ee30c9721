import { grantivaEndpoints } from '@hookproof/endpoints';
import { describe, expect, it } from 'vitest';
import { all, errorOf, grantiva } from './clients.ts';
import { loseAnswer, reply } from './servers.ts';

const root = '/api/v1/org/webhooks';
const row = {
  ...{ id: '7f3e2a10', webhookId: 'ep_1', eventType: 'attestation.completed', status: 'success', httpStatus: 200 },
  ...{ responseBody: '{"outcome":"stored"}', error: null, attemptCount: 1, nextRetryAt: null },
  ...{ deliveredAt: '2026-07-26T12:00:03Z', createdAt: '2026-07-26T12:00:02Z' },
};
const read = {
  ...{ id: '7f3e2a10', eventType: 'attestation.completed', status: 'success', httpStatus: 200 },
  ...{ responseBody: '{"outcome":"stored"}', error: undefined, attemptCount: 1, nextRetryAt: undefined },
  ...{ deliveredAt: '2026-07-26T12:00:03Z', createdAt: '2026-07-26T12:00:02Z' },
};

describe('the deliveries of Grantiva', () => {
  it('come page by page as its API documents', async () => {
    const { server, endpoints } = await grantiva();
    const page = (number: number, items: readonly object[]) =>
      reply(200, { items, metadata: { page: number, per: 1, total: 2 } });
    server.next(page(1, [row]), page(2, [{ ...row, id: 8 }]));
    expect(await all(endpoints.deliveries('ep_1', { pageSize: 1 }))).toEqual([read, { ...read, id: '8' }]);
    expect(server.seen.map(({ method, path, query }) => [method, path, `${query}`])).toEqual([
      ['GET', `${root}/ep_1/deliveries`, 'page=1&per=1'],
      ['GET', `${root}/ep_1/deliveries`, 'page=2&per=1'],
    ]);
  });

  it('that are not understood name the field', async () => {
    const { server, endpoints } = await grantiva();
    server.next(reply(200, { items: [{ ...row, createdAt: 5 }] }));
    const error = await errorOf(all(endpoints.deliveries('ep_1')));
    expect(error).toMatchObject({
      code: 'unexpected_response',
      message: expect.stringContaining('items[0].createdAt in the answer'),
    });
  });

  it('are sent again, also when an answer was lost', async () => {
    const { server, endpoints } = await grantiva();
    const pending = { ...row, status: 'pending', attemptCount: 0 };
    server.next(loseAnswer, reply(200, pending));
    expect(await endpoints.retry('ep_1', '7f3e2a10')).toEqual({ ...read, status: 'pending', attemptCount: 0 });
    const post = { method: 'POST', path: `${root}/ep_1/deliveries/7f3e2a10/retry`, body: '' };
    expect(server.seen).toMatchObject([post, post]);
  });

  it.each([
    [404, 'not_found', 'Grantiva has no endpoint or delivery with this id (404).'],
    [422, 'invalid_request', 'Is the endpoint active? update(id, { isActive: true }) turns it on.'],
  ])('that cannot be sent again say why: %d', async (status, code, says) => {
    const { server, endpoints } = await grantiva();
    server.next(reply(status, { error: true, reason: 'No' }));
    const error = await errorOf(endpoints.retry('ep_1', '7f3e2a10'));
    expect(error).toMatchObject({ code, mayExist: false, message: expect.stringContaining(says) });
  });
});

it('a test delivery is asked for once, and tells what was answered', async () => {
  const { server, endpoints } = await grantiva();
  const result = { success: false, httpStatus: 500, responseBody: 'no', latencyMs: 12, error: 'HTTP 500' };
  server.next(reply(200, result), loseAnswer);
  expect(await endpoints.test('ep_1')).toEqual(result);
  expect(server.seen).toMatchObject([{ method: 'POST', path: `${root}/ep_1/test`, body: '' }]);
  const error = await errorOf(endpoints.test('ep_1'));
  expect(error).toMatchObject({ code: 'network_error', attempts: 1, mayExist: false });
});

it('where a token is refused, the fix names the cookie of a session', async () => {
  for (const status of [401, 403]) {
    const { server, endpoints } = await grantiva();
    server.next(reply(status), reply(status));
    const error = await errorOf(all(endpoints.deliveries('ep_1')));
    expect(error.fix).toContain('By its newer pages no API key is accepted here: give cookie');
    const session = grantivaEndpoints({ baseUrl: server.baseUrl, cookie: 'session=0123456789', maxAttempts: 1 });
    expect((await errorOf(session.list())).fix).not.toContain('API key');
  }
});

it('ids that could lead elsewhere are refused', async () => {
  const { server, endpoints } = await grantiva();
  expect(() => endpoints.deliveries('../x')).toThrow('id is not an id of an endpoint');
  await expect(endpoints.retry('ep_1', '../x')).rejects.toThrow('deliveryId is not an id of a delivery');
  await expect(endpoints.test('a/b')).rejects.toThrow('id is not an id of an endpoint');
  expect(server.seen).toEqual([]);
});

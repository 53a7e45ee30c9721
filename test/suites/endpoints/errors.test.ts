import {
  type EndpointErrorCode,
  type GrantexEndpoints,
  grantexEndpoints,
  grantivaEndpoints,
} from '@hookproof/endpoints';
import { describe, expect, it } from 'vitest';
import { all, errorOf, grantex, grantiva } from './clients.ts';
import { bytes, grantivaCookie, grantivaToken, reply } from './servers.ts';

const id = 'wh_00000001';
const url = 'https://example.com/hooks';
const events = ['grant.created'];

type Call = (endpoints: GrantexEndpoints) => Promise<unknown>;
const create = (endpoints: GrantexEndpoints) => endpoints.create({ url, events });
const remove = (endpoints: GrantexEndpoints) => endpoints.delete(id);

/** Status, Grantex's code, the call, and ours with words of its fix. */
const grantexRows: readonly (readonly [number, string, Call, EndpointErrorCode, string])[] = [
  [
    400,
    'BAD_REQUEST',
    create,
    'invalid_request',
    'no url with http, localhost, or an address that is loopback, private,',
  ],
  [400, 'BAD_REQUEST', remove, 'invalid_request', 'Check the arguments'],
  [401, 'UNAUTHORIZED', remove, 'unauthorized', 'apiKey'],
  [402, 'PLAN_LIMIT_EXCEEDED', create, 'plan_limit_exceeded', 'delete one'],
  [403, 'FORBIDDEN', remove, 'forbidden', 'API key'],
  [404, 'NOT_FOUND', remove, 'not_found', 'list()'],
  [408, 'TIMEOUT', remove, 'timed_out', 'Call again'],
  [409, 'CONFLICT', remove, 'conflict', 'list()'],
  [413, 'BAD_REQUEST', create, 'invalid_request', 'fewer events'],
  [415, 'BAD_REQUEST', create, 'invalid_request', 'proxy'],
  [418, 'TEAPOT', create, 'invalid_request', 'Check url and events'],
  // 30 creations or deletions a minute and address.
  [429, 'BAD_REQUEST', create, 'rate_limited', 'retryAfterMs'],
  [429, 'BAD_REQUEST', remove, 'rate_limited', 'retryAfterMs'],
  // 100 requests a minute on the free plan.
  [429, 'RATE_LIMIT_EXCEEDED', create, 'rate_limited', 'retryAfterMs'],
  [429, 'RATE_LIMIT_EXCEEDED', remove, 'rate_limited', 'retryAfterMs'],
  [429, 'RATE_LIMITED', create, 'rate_limited', 'retryAfterMs'],
  [503, 'RATE_LIMIT_UNAVAILABLE', create, 'rate_limited', 'retryAfterMs'],
  [503, 'RATE_LIMIT_UNAVAILABLE', remove, 'rate_limited', 'retryAfterMs'],
  [500, 'INTERNAL', remove, 'server_error', 'requestId'],
  [502, 'BAD_GATEWAY', remove, 'server_error', 'later'],
  [503, 'UNAVAILABLE', remove, 'server_error', 'later'],
];

describe('every error of Grantex', () => {
  it.each(grantexRows)('%i %s is told: %o %s', async (status, providerCode, call, code, fix) => {
    const { server, endpoints } = await grantex({ maxAttempts: 1 });
    const headers = code === 'rate_limited' ? { 'retry-after': '7' } : {};
    server.next(reply(status, { message: 'Its words', code: providerCode, requestId: 'req_9' }, headers));
    const error = await errorOf(call(endpoints));
    expect(error).toMatchObject({ code, status, providerCode, requestId: 'req_9', attempts: 1, mayExist: false });
    expect(error.retryAfterMs).toBe(code === 'rate_limited' ? 7_000 : undefined);
    expect(error.providerMessage).toBe('Its words');
    expect(error.fix).toContain(fix);
    expect(error.message.endsWith(error.fix)).toBe(true);
    expect(error.message).toContain(String(status));
    expect(error.message).not.toContain('Its words');
  });

  it('404 without an endpoint in the path is about baseUrl', async () => {
    const { server, endpoints } = await grantex();
    server.next(reply(404, { message: 'Route not found' }));
    expect((await errorOf(endpoints.list())).fix).toContain('baseUrl');
  });

  it('401 comes from a real server too', async () => {
    const { server } = await grantex();
    const error = await errorOf(grantexEndpoints({ baseUrl: server.baseUrl, apiKey: 'another' }).list());
    expect(error).toMatchObject({ code: 'unauthorized', status: 401, providerMessage: 'Invalid API key', attempts: 1 });
  });
});

const grantivaRows: readonly (readonly [number, string, EndpointErrorCode, string])[] = [
  [400, 'Bad Request', 'invalid_request', 'Check url and events'],
  [401, 'Unauthorized', 'unauthorized', 'token'],
  [402, 'Payment Required', 'plan_limit_exceeded', 'plan'],
  [403, 'Forbidden', 'forbidden', 'Admin'],
  [403, 'Your plan has no webhooks', 'plan_limit_exceeded', 'plan'],
  [403, 'Endpoint limit reached', 'plan_limit_exceeded', 'plan'],
  [404, 'Not Found', 'not_found', 'list()'],
  [409, 'Conflict', 'conflict', 'list()'],
  [422, 'url must be https', 'invalid_request', 'url'],
  [429, 'Too Many Requests', 'rate_limited', 'retryAfterMs'],
  [500, 'Oops', 'server_error', 'later'],
  [599, 'Oops', 'server_error', 'later'],
];

describe('every error of Grantiva', () => {
  it.each(grantivaRows)('%i %s is %s', async (status, reason, code, fix) => {
    const { server, endpoints } = await grantiva({ maxAttempts: 1 });
    server.next(reply(status, { error: true, reason }));
    const error = await errorOf(endpoints.update(id, { isActive: true }));
    expect(error).toMatchObject({ code, status, providerMessage: reason, attempts: 1 });
    expect(error.fix).toContain(fix);
  });

  it.each([
    [{ reason: 'R' }, 'R', undefined],
    [{ message: 'M', reason: 'R' }, 'M', undefined],
    [{ error: 'E' }, 'E', undefined],
    [{ error: { message: 'EM', code: 'EC' } }, 'EM', 'EC'],
    [{ error: { reason: 'ER' } }, 'ER', undefined],
    [{ error: true, reason: ['R'] }, undefined, undefined],
    [{ message: { deep: 1 }, code: 7, requestId: {} }, undefined, undefined],
    [[1, 2], undefined, undefined],
    ['text', undefined, undefined],
    [null, undefined, undefined],
  ])('has its words where %j has them', async (body, providerMessage, providerCode) => {
    const { server, endpoints } = await grantiva();
    server.next(reply(409, body));
    const error = await errorOf(endpoints.list());
    expect([error.providerMessage, error.providerCode, error.code]).toEqual([
      providerMessage,
      providerCode,
      'conflict',
    ]);
  });
});

describe('what a provider says', () => {
  it('is cut to 500 characters and has nothing that a terminal obeys', async () => {
    const { server, endpoints } = await grantex();
    server.next(
      reply(400, { message: `\u001b[31m\u0007a\nb\u202e${'😀'.repeat(600)}`, code: `C\u0000${'x'.repeat(200)}` }),
    );
    const { providerMessage = '', providerCode = '' } = await errorOf(endpoints.list());
    expect([...providerMessage]).toHaveLength(500);
    expect(providerMessage).toMatch(/^\[31m a b 😀+$/u);
    expect(providerCode).toMatch(/^C x{98}$/);
  });

  it.each([
    ['token', { token: grantivaToken }],
    ['cookie', { cookie: grantivaCookie }],
  ] as const)('has no %s in it, even where it is repeated', async (_what, credential) => {
    const { server } = await grantiva();
    const endpoints = grantivaEndpoints({ baseUrl: server.baseUrl, ...credential });
    const given = Object.values(credential)[0] ?? '';
    const value = given.replace(/^vapor-session=|;.*$/g, '');
    // The last one is cut in the middle of it.
    for (const text of [given, value, `Bearer ${given}!`, `${'x'.repeat(495)}${value}`]) {
      server.next(reply(401, { reason: text, code: text, requestId: text, error: { message: text } }));
      const error = await errorOf(endpoints.list());
      expect(error.code).toBe('unauthorized');
      expect(JSON.stringify([error, error.message, error.stack])).not.toContain(value.slice(0, 5));
    }
  });
});

const calls: Readonly<Record<string, Call>> = {
  list: (endpoints) => endpoints.list(),
  create,
  deliveries: (endpoints) => all(endpoints.deliveries(id)),
};

describe('answers that are none of the API', () => {
  const page = '<!doctype html><title>Log in</title>';
  const deep = '['.repeat(400_000) + ']'.repeat(400_000);
  const nonsense: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['HTML', page, 'not JSON'],
    ['nothing', '', 'not JSON'],
    ['half a body', '{"webhooks":[', 'not JSON'],
    ['2 MiB', `{"webhooks":[],"x":"${'x'.repeat(2 * 1024 * 1024)}"}`, 'larger than'],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'not UTF-8'],
    ['UTF-8 that is cut off', Buffer.from([0x22, 0xe2, 0x82]), 'not UTF-8'],
    ['deep JSON', deep, 'the body of the answer'],
    ['another kind', '"LEAK"', 'the body of the answer'],
    ['null', 'null', 'the body of the answer'],
  ];
  for (const [name, call] of Object.entries(calls)) {
    it.each(nonsense)(`are unexpected_response: ${name}, %s`, async (_what, body, says) => {
      const { server, endpoints } = await grantex();
      server.next(bytes(200, body));
      const error = await errorOf(call(endpoints));
      expect(error).toMatchObject({ code: 'unexpected_response', status: 200, attempts: 1 });
      expect(error.message).toContain(says);
      expect(error.message).not.toMatch(/LEAK|Log in/);
      expect(server.seen).toHaveLength(1);
    });
  }

  const endpoint = { id, url, events, createdAt: '2026-03-01T12:00:00Z' };
  it.each([
    [{ webhooks: [endpoint, { ...endpoint, url: { LEAK: 1 } }] }, 'webhooks[1].url'],
    [{ webhooks: [{ ...endpoint, events: ['a', 7] }] }, 'webhooks[0].events[1]'],
    [{ webhooks: [{ ...endpoint, id: '' }] }, 'webhooks[0].id'],
    [{ webhooks: [{ ...endpoint, createdAt: undefined }] }, 'webhooks[0].createdAt'],
    [{ webhooks: { LEAK: 1 } }, 'webhooks in the answer'],
    [{ LEAK: [] }, 'webhooks in the answer'],
  ])('name the field and not its value: %j', async (body, field) => {
    const { server, endpoints } = await grantex();
    server.next(reply(200, body));
    const error = await errorOf(endpoints.list());
    expect(error.code).toBe('unexpected_response');
    expect(error.message).toContain(field);
    expect(error.message).not.toContain('LEAK');
  });

  it.each([
    [{ ...endpoint }, 'secret'],
    [{ ...endpoint, secret: '' }, 'secret'],
    [{ ...endpoint, secret: 7 }, 'secret'],
    [{ secret: 'LEAK-secret' }, 'id'],
  ])('to a creation say that the endpoint may exist: %j', async (body, field) => {
    const { server, endpoints } = await grantex();
    server.next(reply(201, body));
    const error = await errorOf(endpoints.create({ url, events }));
    expect(error).toMatchObject({ code: 'unexpected_response', status: 201, mayExist: true });
    expect(error.message).toContain(`${field} in the answer`);
    expect(error.fix).toContain('The endpoint may exist now');
    expect(JSON.stringify([error, error.message])).not.toContain('LEAK');
  });

  it.each([
    [204, undefined],
    [200, page],
    [200, undefined],
  ])('to a deletion are not read: %i %j', async (status, body) => {
    const { server, endpoints } = await grantex();
    server.next(reply(status, body));
    expect(await endpoints.delete(id)).toBeUndefined();
  });

  it.each([[401, page] as const, [401, deep] as const, [401, Buffer.from([0xff])] as const, [401, ''] as const])(
    'leave the status of an error: %i',
    async (status, body) => {
      const { server, endpoints } = await grantex();
      server.next(bytes(status, body));
      const error = await errorOf(endpoints.list());
      expect(error).toMatchObject({ code: 'unauthorized', status, providerMessage: undefined });
    },
  );

  it('leave the status of an error whose body is too large', async () => {
    const { server, endpoints } = await grantex();
    server.next(bytes(401, JSON.stringify({ message: 'x'.repeat(2 * 1024 * 1024) })));
    expect(await errorOf(endpoints.list())).toMatchObject({ code: 'unauthorized', providerMessage: undefined });
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 304, 307, 308])('%i is not followed, and the token goes nowhere else', async (status) => {
    const { server, endpoints } = await grantex();
    const elsewhere = await grantex();
    for (const call of Object.values(calls)) {
      server.next(reply(status, undefined, { location: `${elsewhere.server.baseUrl}/v1/webhooks` }));
      const error = await errorOf(call(endpoints));
      expect(error).toMatchObject({ code: 'unexpected_response', status, attempts: 1, mayExist: false });
      expect(error.message).toContain('redirect');
      expect(error.fix).toContain('baseUrl');
      expect(error.fix).not.toContain('may exist');
    }
    expect(elsewhere.server.seen).toEqual([]);
  });

  it('that a fetch of the user follows is refused', async () => {
    const elsewhere = await grantex();
    const { server, endpoints } = await grantex({ fetch: (url, init) => fetch(url, { ...init, redirect: 'follow' }) });
    server.next(reply(307, undefined, { location: `${elsewhere.server.baseUrl}/v1/webhooks` }));
    elsewhere.server.next(reply(200, { webhooks: [] }));
    expect(await errorOf(endpoints.list())).toMatchObject({ code: 'unexpected_response', status: 200 });
  });

  it('that a browser hides is refused', async () => {
    const { endpoints } = await grantex({
      fetch: async () => ({ status: 0, type: 'opaqueredirect', redirected: false, headers: new Headers(), body: null }),
    });
    expect((await errorOf(endpoints.list())).message).toContain('redirect');
  });
});

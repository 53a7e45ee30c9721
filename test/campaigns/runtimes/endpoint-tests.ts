import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type Answer,
  bytes,
  type grantexServer,
  type grantivaServer,
  type gravvServer,
  loseAnswer,
  reply,
  reset,
  resetInBody,
  silence,
  stall,
  usual,
} from '../../suites/endpoints/servers.ts';
import type { EndpointTest, Given, Settings } from './endpoint-test.ts';
import type { EndpointCall } from './hosts/wire.ts';

type Grantiva = Awaited<ReturnType<typeof grantivaServer>>;
type Grantex = Awaited<ReturnType<typeof grantexServer>>;
type Gravv = Awaited<ReturnType<typeof gravvServer>>;

const url = 'https://example.com/hooks';
const events = ['grant.created', 'grant.revoked'];
const list: EndpointCall = { method: 'list' };
const create: EndpointCall = { method: 'create', endpoint: { url, events } };
const ensure: EndpointCall = { method: 'ensure', endpoint: { url, events } };

/** Where a fetch of this runtime could behave differently from others, at both providers. */
export const endpointTests: readonly EndpointTest<Grantiva | Grantex>[] = [
  [
    'list returns the endpoints',
    async ({ server, call }) => {
      const rows = [server.add({ url, events }), server.add({ url: `${url}/2`, events })];
      const { value } = await call(list);
      const ids = Object(value).map(({ id }: { id: string }) => id);
      assert.deepEqual(ids.sort(), rows.map(({ id }) => id).sort());
    },
  ],
  [
    'create tells the secret to reveal() alone',
    async ({ server, call }) => {
      const { value, revealed } = await call(create);
      const { id, secret } = Object(value);
      assert.deepEqual([id, secret], [server.rows[0]?.id, '[secret]']);
      assert.deepEqual([revealed], server.secrets);
    },
  ],
  [
    'ensure creates, and then leaves it as it is',
    async ({ server, call }) => {
      const created = await call(ensure);
      assert.equal(Object(created.value).action, 'created');
      assert.deepEqual([created.revealed], server.secrets);
      const again = await call(ensure);
      assert.equal(Object(again.value).action, 'unchanged');
      assert.deepEqual([again.revealed, server.rows.length], [undefined, 1]);
    },
  ],
  [
    'delete deletes',
    async ({ server, call }) => {
      const { id } = server.add({ url, events });
      assert.equal((await call({ method: 'delete', id })).error, undefined);
      assert.deepEqual(server.rows, []);
    },
  ],
  [
    'a 401 is unauthorized, in the words of the provider',
    async ({ server, errorOf }) => {
      const { code, status, providerMessage } = await errorOf(list, { credential: 'another' });
      assert.deepEqual([code, status], ['unauthorized', 401]);
      assert.match(providerMessage ?? '', /Unauthorized|Invalid API key/);
      assert.equal(server.seen.length, 1);
    },
  ],
  ...[301, 302, 303, 307, 308].map(
    (status): EndpointTest<Grantiva | Grantex> => [
      `a ${status} is not followed, and the credential goes nowhere else`,
      async ({ server, elsewhere, errorOf }) => {
        for (const call of [list, create]) {
          server.next(reply(status, undefined, { location: `${elsewhere.baseUrl}/v1/webhooks` }));
          const error = await errorOf(call, { maxAttempts: 2 });
          assert.deepEqual([error.code, error.status, error.attempts], ['unexpected_response', status, 1]);
          assert.match(error.message, /redirect/);
        }
        assert.equal(server.seen.length, 2);
        assert.deepEqual(elsewhere.seen, []);
      },
    ],
  ),
  ...[
    { what: 'headers that never come', answer: silence },
    { what: 'a body that stalls', answer: stall(200) },
  ].flatMap(({ what, answer }): EndpointTest<Grantiva | Grantex>[] => [
    [
      `${what} end after timeoutMs, and with them the connection`,
      async ({ server, call, errorOf }) => {
        const { watched, closed } = watch(answer);
        server.next(watched);
        const { code, attempts } = await errorOf(list, { timeoutMs: 100 });
        assert.deepEqual([code, attempts], ['timed_out', 1]);
        // The attempts after the first are answered when its connection is given up.
        const afterwards: Answer = (...all) => void closed().then(() => usual(...all));
        server.next(watched, ...Array.from({ length: 9 }, () => afterwards));
        assert.equal((await call(list, { timeoutMs: 100, maxAttempts: 10 })).error, undefined);
      },
    ],
    [
      `${what} end when the signal aborts, and with them the connection`,
      async ({ server, elsewhere, errorOf }) => {
        const { watched, closed } = watch(answer);
        const arrived = new Promise<void>((resolve) => {
          server.next((...all) => {
            watched(...all);
            resolve();
          });
        });
        elsewhere.next((response) => void arrived.then(() => response.end()));
        const error = await errorOf(list, { abortWhen: elsewhere.baseUrl, maxAttempts: 2 });
        assert.deepEqual([error.code, error.attempts, server.seen.length], ['aborted', 1, 1]);
        assert.equal(error.cause instanceof Error && error.cause.message, 'enough');
        await closed();
      },
    ],
  ]),
  ...[
    { what: 'a reset before the headers', answer: reset },
    { what: 'a reset in the body', answer: resetInBody(200) },
  ].map(
    ({ what, answer }): EndpointTest<Grantiva | Grantex> => [
      `${what} is a network_error, and may be repeated`,
      async ({ server, call, errorOf }) => {
        server.next(answer, answer);
        const { code, attempts } = await errorOf(list, { maxAttempts: 2 });
        assert.deepEqual([code, attempts, server.seen.length], ['network_error', 2, 2]);
        server.next(answer);
        assert.deepEqual((await call(list, { maxAttempts: 2 })).error, undefined);
        assert.equal(server.seen.length, 4);
      },
    ],
  ),
  [
    'a creation whose answer is lost on a kept connection is sent once',
    async (given) => {
      const [ofList, ofCreate] = await loseCreation(given);
      assert.equal(ofList, ofCreate);
    },
  ],
  [
    'a server that is not there is a network_error',
    async ({ server, errorOf }) => {
      await server.close();
      const { code, attempts } = await errorOf(list, { maxAttempts: 2 });
      assert.deepEqual([code, attempts], ['network_error', 2]);
    },
  ],
  [
    'an answer of 2 MiB is refused',
    async ({ server, errorOf }) => {
      const large = bytes(200, `{"webhooks":[],"x":"${'x'.repeat(2 * 1024 * 1024)}"}`);
      server.next(large);
      const { code, message, attempts } = await errorOf(list, { maxAttempts: 2 });
      assert.deepEqual([code, attempts, server.seen.length], ['unexpected_response', 1, 1]);
      assert.match(message, /larger than 1048576 bytes/);
    },
  ],
];

/** What docs/endpoints.md tells to do on Deno, for which there is an exception in `exceptions.ts`. */
export const denoTests: readonly EndpointTest<Grantiva | Grantex>[] = [
  [
    'a creation whose answer is lost is sent once by a fetch that keeps no connection',
    async (given) => {
      const [ofList, ofCreate] = await loseCreation(given, { keepsNoConnection: true });
      assert.notEqual(ofList, ofCreate);
    },
  ],
];

export const grantivaTests: readonly EndpointTest<Grantiva>[] = [
  [
    'ensure updates what differs',
    async ({ server, call }) => {
      const { id } = server.add({ url, events: ['token.issued'], isActive: false });
      const { value, revealed } = await call(ensure);
      assert.equal(Object(value).action, 'updated');
      assert.equal(revealed, undefined);
      assert.deepEqual(
        server.rows.map((row) => [row.id, row.events, row.isActive]),
        [[id, events, true]],
      );
    },
  ],
  [
    'deliveries are read page by page, and sent again, also when an answer was lost',
    async ({ server, call }) => {
      const row = { eventType: 'device.new', status: 'failed', createdAt: '2026-07-26T12:00:02Z' };
      const page = (number: number, ids: readonly number[]) =>
        reply(200, { items: ids.map((id) => ({ ...row, id })), metadata: { page: number, per: 2, total: 3 } });
      server.next(page(1, [3, 2]), page(2, [1]));
      assert.deepEqual((await call({ method: 'deliveries', id: 'ep_1', pageSize: 2 })).value, ['3', '2', '1']);
      server.next(loseAnswer, reply(200, { ...row, id: 3, status: 'pending' }));
      const { value } = await call({ method: 'retry', id: 'ep_1', deliveryId: '3' }, { maxAttempts: 2 });
      assert.equal(Object(value).status, 'pending');
      assert.equal(server.seen.at(-1)?.path, '/api/v1/org/webhooks/ep_1/deliveries/3/retry');
    },
  ],
];

export const grantexTests: readonly EndpointTest<Grantex>[] = [
  [
    'an endpoint is retired when nothing is queued for it',
    async ({ server, call }) => {
      const { id } = server.add({ url, events });
      server.deliver('pending');
      const done: Answer = (response, perform) => {
        const { body } = perform();
        response.end(JSON.stringify({ ...Object(body), deliveries: [], total: 0 }));
      };
      server.next(usual, usual, done);
      const { value } = await call({ method: 'retire', id });
      assert.deepEqual([value, server.rows], [{ deleted: true, pending: 0 }, []]);
      assert.equal(server.seen.length, 4);
    },
  ],
  [
    'ensure replaces where it is told to',
    async ({ server, call }) => {
      const { id } = server.add({ url, events: ['token.issued'] });
      const { value, revealed } = await call({ method: 'ensure', endpoint: { url, events, replace: true, pollMs: 1 } });
      assert.equal(Object(value).action, 'replaced');
      assert.deepEqual([revealed], server.secrets);
      assert.deepEqual(
        server.rows.map((row) => [row.id === id, row.events]),
        [[false, events]],
      );
    },
  ],
  [
    'deliveries are read page by page',
    async ({ server, call }) => {
      const { id } = server.add({ url, events });
      for (let count = 0; count < 5; count += 1) server.deliver();
      const { value } = await call({ method: 'deliveries', id, pageSize: 2 });
      assert.deepEqual(value, ['whd_5', 'whd_4', 'whd_3', 'whd_2', 'whd_1']);
      assert.deepEqual(
        server.seen.map(({ query }) => [query.get('page'), query.get('pageSize')]),
        [
          ['1', '2'],
          ['2', '2'],
          ['3', '2'],
        ],
      );
    },
  ],
];

export const gravvTests: readonly EndpointTest<Gravv>[] = [
  [
    'the history is read page by page',
    async ({ server, call }) => {
      const { value } = await call({ method: 'history', pageSize: 2 });
      assert.deepEqual(value, ['evt-5', 'evt-4', 'evt-3', 'evt-2', 'evt-1']);
      assert.deepEqual(
        server.seen.map(({ query }) => query.get('page')),
        ['1', '2', '3'],
      );
    },
  ],
  [
    'an event is sent again, also when an answer was lost',
    async ({ server, call }) => {
      server.next(loseAnswer);
      const { value } = await call({ method: 'send', id: 'evt-3' }, { maxAttempts: 2 });
      assert.deepEqual([value, server.sent], [{ ...Object(value), responseStatus: 202 }, ['evt-3', 'evt-3']]);
    },
  ],
  [
    'a 401 is unauthorized, and an event that is not there not_found',
    async ({ errorOf }) => {
      const { code, status } = await errorOf({ method: 'history', pageSize: 2 }, { credential: 'another' });
      assert.deepEqual([code, status], ['unauthorized', 401]);
      assert.equal((await errorOf({ method: 'send', id: 'evt-9' })).code, 'not_found');
    },
  ],
];

/** Lists, and then creates at a server that does so and breaks the connection. Returns the connections of the two. */
async function loseCreation({ server, call, errorOf }: Given<Grantiva | Grantex>, settings: Settings = {}) {
  const sockets: unknown[] = [];
  const noting = (answer: Answer): Answer => {
    return (response, ...rest) => {
      sockets.push(response.socket);
      answer(response, ...rest);
    };
  };
  server.next(noting(usual), noting(loseAnswer));
  await call(list, settings);
  const { code, attempts, message } = await errorOf(create, { ...settings, maxAttempts: 2 });
  assert.deepEqual([code, attempts], ['network_error', 1]);
  assert.match(message, /The endpoint may exist now/);
  assert.deepEqual([server.rows.length, server.seen.length], [1, 2]);
  return sockets;
}

/** The same answer, and when all connections are given up on which it was given. */
function watch(answer: Answer): { readonly watched: Answer; readonly closed: () => Promise<unknown> } {
  const closings: Promise<unknown>[] = [];
  const watched: Answer = (response, perform, seen) => {
    closings.push(once(response, 'close'));
    answer(response, perform, seen);
  };
  return { watched, closed: () => Promise.all(closings) };
}

// Type tests: `tsc` checks them, nothing runs them.
import Fastify, { type FastifyInstance, type FastifyPluginCallback, type FastifyRequest } from 'fastify';
import { expectTypeOf } from 'vitest';
import {
  type EventFor,
  type Grantex,
  grantex,
  grantexWebhooks,
  grantivaWebhooks,
  gravvWebhooks,
  type Inbox,
  memoryClaims,
  standardWebhooks,
  webhooks,
} from './index.ts';

const secret = 'a secret for tests';
const app = Fastify();

interface Database {
  readonly exec: (sql: string) => void;
}
/** An inbox as `sqliteInbox` makes it, and one as `redisInbox` does. */
interface EmbeddedInbox extends Inbox<(database: Database) => void> {
  readonly lanes: true;
}
interface QueueInbox extends Inbox {
  readonly lanes: false;
}
declare const inbox: EmbeddedInbox;
declare const queue: QueueInbox;
declare const perhaps: EmbeddedInbox | undefined;
declare const database: Database;
declare const holder: { readonly inbox: EmbeddedInbox };
declare function makeInbox(options: { readonly path: string }): EmbeddedInbox;

// Without an inbox handlers get Fastify's request.
app.register(
  webhooks(grantex(), {
    secret,
    path: '/hooks',
    dedupe: memoryClaims(),
    on: {
      'grant.revoked': ({ type, data }, { request, attempt, complete }) => {
        expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
        expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
        expectTypeOf(request).toEqualTypeOf<FastifyRequest>();
        expectTypeOf(attempt).toEqualTypeOf<undefined>();
        // @ts-expect-error there is no inbox
        complete(database);
      },
    },
  }),
);
app.register(grantexWebhooks, {
  secret,
  signature: 'v2',
  on: {
    '*': (_event, { request, attempt, complete }) => {
      expectTypeOf(request).toEqualTypeOf<FastifyRequest>();
      expectTypeOf(attempt).toEqualTypeOf<undefined>();
      // @ts-expect-error there is no inbox
      complete(database);
    },
  },
});
app.register(grantivaWebhooks, {
  secret,
  prefix: '/hooks',
  dedupe: false,
  on: {
    'device.*': (event, { request }) => {
      if (event.type === 'device.high_risk') expectTypeOf(event.data.risk_score).toEqualTypeOf<number>();
      expectTypeOf(request).toEqualTypeOf<FastifyRequest>();
    },
  },
});
app.register(gravvWebhooks, {
  secret: (request) => request.hostname,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<FastifyRequest>() },
});
app.register(
  webhooks(standardWebhooks({ name: 'clerk' }), {
    secret,
    on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<FastifyRequest>() },
  }),
);

// With one there is no request any more; the secret function still gets it.
app.register(
  webhooks(grantex(), {
    secret: (request) => {
      expectTypeOf(request).toEqualTypeOf<FastifyRequest>();
      return secret;
    },
    inbox,
    receiverName: 'grants',
    lane: (event) => (event.type === 'grant.revoked' ? event.data.grantId : undefined),
    on: {
      'grant.revoked': ({ type, data }, { request, attempt, complete }) => {
        expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
        expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
        expectTypeOf(request).toEqualTypeOf<undefined>();
        expectTypeOf(attempt).toEqualTypeOf<number>();
        expectTypeOf(complete).toEqualTypeOf<(database: Database) => void>();
      },
    },
    onOutcome: (_report, request) => expectTypeOf(request).toEqualTypeOf<FastifyRequest | undefined>(),
  }),
);
const wantsRequest = (_event: EventFor<Grantex, '*'>, { request }: { request: FastifyRequest }) => request.id;
webhooks(grantex(), { secret, on: { '*': wantsRequest } });
// @ts-expect-error a handler that relies on the request
webhooks<Grantex, Inbox>(grantex(), { secret, inbox, on: { '*': wantsRequest } });
// @ts-expect-error a claims store
webhooks(grantex(), { secret, inbox: memoryClaims(), on: {} });

// `register` of a named plugin tells handlers by the inbox too, however that is passed: made in the call,
app.register(grantexWebhooks, {
  secret: (request) => {
    expectTypeOf(request).toEqualTypeOf<FastifyRequest>();
    return secret;
  },
  inbox: makeInbox({ path: 'webhooks.db' }),
  receiverName: 'grants',
  prefix: '/hooks',
  signature: 'v2',
  lane: (event) => (event.type === 'grant.revoked' ? event.data.grantId : undefined),
  on: {
    'grant.revoked': ({ type, data }, { request, attempt, complete }) => {
      expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
      expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
      expectTypeOf(request).toEqualTypeOf<undefined>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
      expectTypeOf(complete).toEqualTypeOf<(database: Database) => void>();
    },
    'token.*': [({ data }) => expectTypeOf(data.tokenId).toEqualTypeOf<string>()],
  },
  onOutcome: (_report, request) => expectTypeOf(request).toEqualTypeOf<FastifyRequest | undefined>(),
});
// by its name,
app.register(grantivaWebhooks, {
  secret,
  inbox: inbox,
  on: { 'device.new': (_event, { complete }) => expectTypeOf(complete(database)).toEqualTypeOf<void>() },
});
// in short,
app.register(gravvWebhooks, {
  secret,
  inbox,
  on: { '*': (_event, { complete }) => expectTypeOf(complete(database)).toEqualTypeOf<void>() },
});
// as a property of something,
app.register(gravvWebhooks, {
  inbox: holder.inbox,
  on: { '*': (_event, { complete }) => expectTypeOf(complete(database)).toEqualTypeOf<void>() },
});
// or only where the run says so.
app.register(grantexWebhooks, {
  secret,
  inbox: perhaps,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<FastifyRequest | undefined>() },
});

// What the inbox cannot do does not compile.
app.register(grantexWebhooks, {
  inbox: queue,
  on: {
    '*': (_event, { attempt, complete }) => {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      // @ts-expect-error there is no transaction to share
      complete(database);
    },
  },
});
// @ts-expect-error it keeps no order
app.register(grantexWebhooks, { secret, inbox: queue, lane: () => 'a', on: {} });
// @ts-expect-error there is no inbox
app.register(grantexWebhooks, { secret, lane: () => 'a', on: {} });
// @ts-expect-error a handler that relies on the request
app.register(grantexWebhooks, { secret, inbox, on: { '*': wantsRequest } });
// @ts-expect-error a claims store
app.register(grantexWebhooks, { secret, inbox: memoryClaims(), on: {} });
// @ts-expect-error without an inbox it receives
app.register(grantexWebhooks, { on: {} });
// @ts-expect-error misspelt
app.register(grantexWebhooks, { secret, inbox, on: { 'grant.revokd': () => {} } });
// @ts-expect-error an option of another provider
app.register(gravvWebhooks, { secret, signature: 'v2', on: {} });

// Nothing changes for other plugins, in whatever app.
declare const other: FastifyPluginCallback<{ readonly origin: string }>;
expectTypeOf(app.register(other, { origin: '*' })).toEqualTypeOf(app.register(grantexWebhooks, { secret, on: {} }));
app.register(async (scope) => expectTypeOf(scope).toEqualTypeOf<FastifyInstance>(), { prefix: '/v1' });
// @ts-expect-error its own option
app.register(other, { origin: 1 });
// @ts-expect-error it needs its options
app.register(other);
// @ts-expect-error it needs its options
app.register(grantexWebhooks);
Fastify({ http2: true }).register(grantexWebhooks, {
  secret,
  inbox,
  on: { '*': (_event, { complete }) => complete(database) },
});

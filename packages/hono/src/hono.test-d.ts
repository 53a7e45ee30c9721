// Type tests: `tsc` checks them, nothing runs them.
import { type Context, Hono } from 'hono';
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
  type WebhookHandler,
  webhooks,
} from './index.ts';

type Env = { Bindings: { SECRET: string } };

const secret = 'a secret for tests';

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
declare const database: Database;
declare const holder: { readonly inbox: EmbeddedInbox };
declare function makeInbox(options: { readonly path: string }): EmbeddedInbox;

// Without an inbox handlers get Hono's context.
webhooks(grantex(), {
  secret,
  dedupe: memoryClaims(),
  on: {
    'grant.revoked': ({ type, data }, { request, attempt, complete }) => {
      expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
      expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
      expectTypeOf(request).toEqualTypeOf<Context>();
      expectTypeOf(attempt).toEqualTypeOf<undefined>();
      // @ts-expect-error there is no inbox
      complete(database);
    },
  },
});
webhooks(grantex(), {
  secret: (c: Context<Env>) => c.env.SECRET,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Context<Env>>() },
});
grantexWebhooks({ secret, on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Context>() } });
grantivaWebhooks({
  secret,
  dedupe: false,
  on: {
    'device.*': (event, { request }) => {
      if (event.type === 'device.high_risk') expectTypeOf(event.data.risk_score).toEqualTypeOf<number>();
      expectTypeOf(request).toEqualTypeOf<Context>();
    },
  },
});
gravvWebhooks({ secret, on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Context>() } });
webhooks(standardWebhooks({ name: 'clerk' }), {
  secret,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Context>() },
});

// With one there is none any more; the secret function still gets it. `complete` and `lane` are what the engine has.
webhooks(grantex(), {
  secret: (c: Context<Env>) => c.env.SECRET,
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
  onOutcome: (_report, request) => expectTypeOf(request).toEqualTypeOf<Context<Env> | undefined>(),
});
new Hono<Env>().post(
  '/',
  grantexWebhooks({
    secret: (c) => c.env.SECRET,
    inbox,
    signature: 'v2',
    on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
  }),
);
grantivaWebhooks({
  secret,
  inbox: makeInbox({ path: 'webhooks.db' }),
  on: {
    'device.*': (event, { request, complete }) => {
      if (event.type === 'device.high_risk') expectTypeOf(event.data.risk_score).toEqualTypeOf<number>();
      expectTypeOf(request).toEqualTypeOf<undefined>();
      complete(database);
    },
  },
});
gravvWebhooks({
  secret,
  inbox: queue,
  on: {
    '*': (_event, { request, complete }) => {
      expectTypeOf(request).toEqualTypeOf<undefined>();
      // @ts-expect-error there is no transaction to share
      complete(database);
    },
  },
});
webhooks(standardWebhooks({ name: 'clerk' }), {
  secret,
  inbox,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
});
// @ts-expect-error it keeps no order
gravvWebhooks({ secret, inbox: queue, lane: () => 'a', on: {} });
const wantsContext = (_event: EventFor<Grantex, '*'>, { request }: { request: Context }) => request.req;
grantexWebhooks({ secret, on: { '*': wantsContext } });
// @ts-expect-error a handler that relies on the context
grantexWebhooks<Context, Inbox>({ secret, inbox, on: { '*': wantsContext } });
// @ts-expect-error a claims store
grantexWebhooks({ secret, inbox: memoryClaims(), on: {} });

// Beside a type argument for the context the inbox need not be one, however it is named.
const withEnv = gravvWebhooks<Context<Env>>({
  secret: (c) => c.env.SECRET,
  inbox,
  on: {
    'transfer.*': ({ data }, { request, attempt }) => {
      expectTypeOf(data.amount).toEqualTypeOf<string | null | undefined>();
      expectTypeOf(request).toEqualTypeOf<undefined>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
    },
  },
});
expectTypeOf(withEnv).toEqualTypeOf<WebhookHandler<Context<Env>>>();
new Hono<Env>().post('/', withEnv);
grantivaWebhooks<Context<Env>>({
  inbox: holder.inbox,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
});
grantexWebhooks<Context<Env>>({
  secret: (c) => c.env.SECRET,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Context<Env>>() },
});
// Its type, where handlers complete.
gravvWebhooks<Context<Env>, EmbeddedInbox>({
  secret: (c) => c.env.SECRET,
  inbox: makeInbox({ path: 'webhooks.db' }),
  on: { '*': (_event, { complete }) => expectTypeOf(complete(database)).toEqualTypeOf<void>() },
});
// @ts-expect-error it needs a secret
gravvWebhooks<Context<Env>>({ on: {} });

// A process that only works has no secret.
gravvWebhooks({ inbox, on: {} });
webhooks(grantex(), { inbox, on: {} });
// @ts-expect-error without an inbox it receives
gravvWebhooks({ on: {} });
// @ts-expect-error without an inbox it receives
webhooks(grantex(), { on: {} });

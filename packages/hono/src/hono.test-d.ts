// Type tests: `tsc` checks them, nothing runs them.
import { type EventFor, grantex, type Inbox, memoryClaims } from '@hookproof/core';
import { type Context, Hono } from 'hono';
import { expectTypeOf } from 'vitest';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks, standardWebhooks, webhooks } from './index.ts';

type Env = { Bindings: { SECRET: string } };

const secret = 'a secret for tests';
declare const inbox: Inbox;

// Without an inbox handlers get Hono's context.
webhooks(grantex(), {
  secret,
  dedupe: memoryClaims(),
  on: {
    'grant.revoked': ({ type, data }, { request }) => {
      expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
      expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
      expectTypeOf(request).toEqualTypeOf<Context>();
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
standardWebhooks({
  secret,
  name: 'clerk',
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Context>() },
});

// With one there is none any more; the secret function still gets it.
webhooks(grantex(), {
  secret: (c: Context<Env>) => c.env.SECRET,
  inbox,
  receiverName: 'grants',
  lane: (event) => (event.type === 'grant.revoked' ? event.data.grantId : undefined),
  on: {
    'grant.revoked': ({ type, data }, { request }) => {
      expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
      expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
      expectTypeOf(request).toEqualTypeOf<undefined>();
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
  inbox,
  on: {
    'device.*': (event, { request }) => {
      if (event.type === 'device.high_risk') expectTypeOf(event.data.risk_score).toEqualTypeOf<number>();
      expectTypeOf(request).toEqualTypeOf<undefined>();
    },
  },
});
gravvWebhooks({
  secret,
  inbox,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
});
standardWebhooks({
  secret,
  inbox,
  name: 'clerk',
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
});
const wantsContext = (_event: EventFor<ReturnType<typeof grantex>, '*'>, { request }: { request: Context }) =>
  request.req;
grantexWebhooks({ secret, on: { '*': wantsContext } });
// @ts-expect-error a handler that relies on the context
grantexWebhooks<Context, Inbox>({ secret, inbox, on: { '*': wantsContext } });
// @ts-expect-error a claims store
grantexWebhooks({ secret, inbox: memoryClaims(), on: {} });

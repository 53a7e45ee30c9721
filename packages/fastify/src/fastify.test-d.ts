// Type tests: `tsc` checks them, nothing runs them.
import { type EventFor, grantex, type Inbox, memoryClaims } from '@hookproof/core';
import Fastify, { type FastifyRequest } from 'fastify';
import { expectTypeOf } from 'vitest';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks, standardWebhooks, webhooks } from './index.ts';

const secret = 'a secret for tests';
const app = Fastify();
declare const inbox: Inbox;

// Without an inbox handlers get Fastify's request.
app.register(
  webhooks(grantex(), {
    secret,
    path: '/hooks',
    dedupe: memoryClaims(),
    on: {
      'grant.revoked': ({ type, data }, { request }) => {
        expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
        expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
        expectTypeOf(request).toEqualTypeOf<FastifyRequest>();
      },
    },
  }),
);
app.register(grantexWebhooks, {
  secret,
  signature: 'v2',
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<FastifyRequest>() },
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
  secret,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<FastifyRequest>() },
});
app.register(standardWebhooks, {
  secret,
  name: 'clerk',
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<FastifyRequest>() },
});

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
      'grant.revoked': ({ type, data }, { request }) => {
        expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
        expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
        expectTypeOf(request).toEqualTypeOf<undefined>();
      },
    },
    onOutcome: (_report, request) => expectTypeOf(request).toEqualTypeOf<FastifyRequest | undefined>(),
  }),
);
const wantsRequest = (_event: EventFor<ReturnType<typeof grantex>, '*'>, { request }: { request: FastifyRequest }) =>
  request.id;
webhooks(grantex(), { secret, on: { '*': wantsRequest } });
// @ts-expect-error a handler that relies on the request
webhooks<ReturnType<typeof grantex>, Inbox>(grantex(), { secret, inbox, on: { '*': wantsRequest } });
// @ts-expect-error a claims store
webhooks(grantex(), { secret, inbox: memoryClaims(), on: {} });

// `register` has no way to tell the handlers of a named plugin, so there an inbox does not compile.
// @ts-expect-error use webhooks(grantex(), { inbox, … })
app.register(grantexWebhooks, { secret, inbox, on: {} });

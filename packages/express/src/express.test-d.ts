// Type tests: `tsc` checks them, nothing runs them.
import type { IncomingMessage } from 'node:http';
import { type EventFor, grantex, type Inbox, memoryClaims } from '@hookproof/core';
import type { Request } from 'express';
import { expectTypeOf } from 'vitest';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks, standardWebhooks, webhooks } from './index.ts';

const secret = 'a secret for tests';
declare const inbox: Inbox;

// Without an inbox handlers get Node's request, or Express's where it is annotated.
webhooks(grantex(), {
  secret,
  path: '/hooks',
  dedupe: memoryClaims(),
  on: {
    'grant.revoked': ({ type, data }, { request }) => {
      expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
      expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
      expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
    },
  },
});
webhooks(grantex(), {
  secret: (request: Request) => request.params['tenant'] ?? '',
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Request>() },
});
grantexWebhooks({
  secret,
  signature: 'v2',
  on: { 'grant.created': ({ data }, { request }: { request: Request }) => [request.ip, data.grantId] },
});
grantivaWebhooks({
  secret,
  dedupe: false,
  on: {
    'device.*': (event, { request }) => {
      if (event.type === 'device.high_risk') expectTypeOf(event.data.risk_score).toEqualTypeOf<number>();
      expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
    },
  },
});
gravvWebhooks({ secret, on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<IncomingMessage>() } });
standardWebhooks({
  secret,
  name: 'clerk',
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<IncomingMessage>() },
});

// With one there is no request any more.
webhooks(grantex(), {
  secret: (request: Request) => request.params['tenant'] ?? '',
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
  onOutcome: (_report, request) => expectTypeOf(request).toEqualTypeOf<Request | undefined>(),
});
grantexWebhooks({
  secret,
  inbox,
  signature: 'v2',
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
});
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
const wantsRequest = (_event: EventFor<ReturnType<typeof grantex>, '*'>, { request }: { request: Request }) =>
  request.ip;
grantexWebhooks({ secret, on: { '*': wantsRequest } });
// @ts-expect-error a handler that relies on the request
grantexWebhooks<Request, Inbox>({ secret, inbox, on: { '*': wantsRequest } });
// @ts-expect-error a claims store
grantexWebhooks({ secret, inbox: memoryClaims(), on: {} });

// Type tests: `tsc` checks them, nothing runs them.
import type { IncomingMessage } from 'node:http';
import express, { type Request } from 'express';
import { expectTypeOf } from 'vitest';
import {
  type EventFor,
  type Grantex,
  grantex,
  grantexWebhooks,
  grantivaWebhooks,
  gravvWebhooks,
  type HandlerContext,
  type Inbox,
  memoryClaims,
  standardWebhooks,
  type WebhookMiddleware,
  webhooks,
} from './index.ts';

const secret = 'a secret for tests';
const app = express();

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

interface AuthedRequest extends Request {
  readonly tenant: string;
}

// Without an inbox handlers get Node's request, or Express's where it is annotated.
webhooks(grantex(), {
  secret,
  path: '/hooks',
  dedupe: memoryClaims(),
  on: {
    'grant.revoked': ({ type, data }, { request, attempt, complete }) => {
      expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
      expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
      expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
      expectTypeOf(attempt).toEqualTypeOf<undefined>();
      // @ts-expect-error there is no inbox
      complete(database);
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
webhooks(standardWebhooks({ name: 'clerk' }), {
  secret,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<IncomingMessage>() },
});

// With one there is no request any more; `complete` and `lane` are what the engine has.
webhooks(grantex(), {
  secret: (request: Request) => request.params['tenant'] ?? '',
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
  onOutcome: (_report, request) => expectTypeOf(request).toEqualTypeOf<Request | undefined>(),
});
grantexWebhooks({
  secret,
  inbox,
  signature: 'v2',
  on: {
    '*': (_event, { request, complete }) => {
      expectTypeOf(request).toEqualTypeOf<undefined>();
      complete(database);
    },
  },
});
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
    '*': (_event, { request, attempt, complete }) => {
      expectTypeOf(request).toEqualTypeOf<undefined>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
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
grantexWebhooks({ secret, inbox: queue, lane: () => 'a', on: {} });
// @ts-expect-error there is no inbox
grantexWebhooks({ secret, lane: () => 'a', on: {} });
const wantsRequest = (_event: EventFor<Grantex, '*'>, { request }: { request: Request }) => request.ip;
grantexWebhooks({ secret, on: { '*': wantsRequest } });
// @ts-expect-error a handler that relies on the request
grantexWebhooks<Request, Inbox>({ secret, inbox, on: { '*': wantsRequest } });
// @ts-expect-error a claims store
grantexWebhooks({ secret, inbox: memoryClaims(), on: {} });

// Beside a type argument for the request the inbox need not be one, however it is named.
const authed = grantexWebhooks<AuthedRequest>({
  secret: ({ tenant }) => tenant,
  inbox,
  on: {
    'grant.created': ({ data }, { request, attempt }) => {
      expectTypeOf(data.scopes).toEqualTypeOf<string[]>();
      expectTypeOf(request).toEqualTypeOf<undefined>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
    },
  },
  onOutcome: (_report, request) => expectTypeOf(request).toEqualTypeOf<AuthedRequest | undefined>(),
});
expectTypeOf(authed).toEqualTypeOf<WebhookMiddleware<AuthedRequest>>();
gravvWebhooks<AuthedRequest>({
  inbox: holder.inbox,
  lane: ({ type }) => type,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
});
grantivaWebhooks<AuthedRequest>({
  secret: ({ tenant }) => tenant,
  on: {
    'device.new': (_event, { request, attempt }) => {
      expectTypeOf(request).toEqualTypeOf<AuthedRequest>();
      expectTypeOf(attempt).toEqualTypeOf<undefined>();
    },
  },
});
// Its type, where handlers complete.
grantexWebhooks<AuthedRequest, EmbeddedInbox>({
  secret: ({ tenant }) => tenant,
  inbox: makeInbox({ path: 'webhooks.db' }),
  on: { 'grant.*': (_event, { complete }) => expectTypeOf(complete(database)).toEqualTypeOf<void>() },
});
// @ts-expect-error of which inbox, this does not say
grantexWebhooks<AuthedRequest>({ secret, inbox, on: { '*': (_event, { complete }) => complete(database) } });
// @ts-expect-error it needs a secret
grantexWebhooks<AuthedRequest>({ on: {} });
// @ts-expect-error misspelt
grantexWebhooks<AuthedRequest>({ secret, on: { 'grant.revokd': () => {} } });

// A process that only works has no secret.
grantexWebhooks({ inbox, on: { '*': (_event, { attempt }) => expectTypeOf(attempt).toEqualTypeOf<number>() } });
webhooks(grantex(), { inbox, on: {} });
// @ts-expect-error without an inbox it receives
grantexWebhooks({ on: {} });
// @ts-expect-error without an inbox it receives
webhooks(grantex(), { on: {} });
// @ts-expect-error process.env may lack it
gravvWebhooks({ secret: process.env['GRAVV_SECRET'], inbox, on: {} });

// What is made fits where Express takes it.
app.use(grantexWebhooks({ secret, on: {} }));
app.use('/hooks', grantexWebhooks({ secret, inbox, on: {} }));
app.post('/hooks', grantexWebhooks({ secret: (request: Request) => request.ip ?? '', on: {} }));

// Handlers that were written elsewhere.
const elsewhere = (_event: EventFor<Grantex, '*'>, { complete }: HandlerContext<undefined, EmbeddedInbox>) =>
  complete(database);
grantexWebhooks({ secret, inbox, on: { '*': elsewhere } });
// @ts-expect-error there is no inbox
grantexWebhooks({ secret, on: { '*': elsewhere } });
// @ts-expect-error another inbox
grantexWebhooks({ secret, inbox: queue, on: { '*': elsewhere } });

// Type tests: `tsc` checks them, nothing runs them.

import { expectTypeOf } from 'vitest';
import {
  createReceiver,
  type EventFor,
  type EventOf,
  grantex,
  type HandlerContext,
  type Inbox,
  memoryClaims,
  type Outcome,
  type OutcomeReport,
  type WorkOutcome,
} from '../index.ts';
import type { HandlerRequest } from '../options.ts';

type Grantex = ReturnType<typeof grantex>;

const secret = 'a secret for tests';
/** Any inbox: what it can do is not known. */
declare const inbox: Inbox;

interface Database {
  readonly exec: (sql: string) => void;
}
interface Client {
  readonly query: (sql: string) => Promise<void>;
}
/** Inboxes as `@hookproof/inbox` makes them: in a database that a handler shares, and without one. */
interface EmbeddedInbox extends Inbox<(database: Database) => void> {
  readonly lanes: true;
  readonly path: string;
}
interface ServerInbox extends Inbox<(client: Client) => Promise<void>> {
  readonly lanes: true;
}
interface QueueInbox extends Inbox {
  readonly lanes: false;
}
declare const embedded: EmbeddedInbox;
declare const server: ServerInbox;
declare const queue: QueueInbox;
declare const database: Database;
declare const client: Client;

// With an inbox nobody waits for the reply any more: there is no request, and events are as typed as ever.
createReceiver({
  provider: grantex(),
  secret,
  inbox,
  receiverName: 'grants',
  lane: (event) => {
    expectTypeOf(event).toEqualTypeOf<EventOf<Grantex>>();
    return event.type === 'grant.revoked' ? event.data.grantId : undefined;
  },
  on: {
    'grant.revoked': ({ type, data }, { request, attempt, receivedAt, complete }) => {
      expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
      expectTypeOf(data.cascade).toEqualTypeOf<boolean>();
      expectTypeOf(request).toEqualTypeOf<undefined>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
      expectTypeOf(receivedAt).toEqualTypeOf<Date>();
      // @ts-expect-error what it takes is not known
      complete(database);
    },
    'grant.*': (event) => {
      if (event.type === 'grant.created') expectTypeOf(event.data.scopes).toEqualTypeOf<string[]>();
    },
    '*': (event, context) => {
      expectTypeOf(context).toEqualTypeOf<HandlerContext<undefined, Inbox>>();
      if (event.type === 'token.issued') expectTypeOf(event.data.tokenId).toEqualTypeOf<string>();
    },
  },
});
createReceiver({
  provider: grantex(),
  secret,
  inbox: embedded,
  on: { 'token.issued': [(_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>()] },
});

// A secret function still gets the request: it is asked before the reply.
const stored = createReceiver({
  provider: grantex(),
  secret: (request) => {
    expectTypeOf(request).toEqualTypeOf<Request>();
    return secret;
  },
  inbox,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
  onOutcome: (report, request) => {
    expectTypeOf(report).toEqualTypeOf<OutcomeReport>();
    expectTypeOf(request).toEqualTypeOf<Request | undefined>();
  },
});
expectTypeOf(stored.fetch).parameter(0).toExtend<Request>();

interface Context {
  readonly env: { readonly SECRET: string };
}
const ofContext = createReceiver({
  provider: grantex(),
  secret: ({ env }: Context) => env.SECRET,
  inbox,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<undefined>() },
});
void ofContext.receive({ headers: {}, body: '', request: { env: { SECRET: secret } } });
// @ts-expect-error not the context
void ofContext.receive({ headers: {}, body: '', request: {} });

// Without one everything is as before.
createReceiver({
  provider: grantex(),
  secret,
  dedupe: memoryClaims(),
  on: {
    'grant.revoked': ({ data }, { request }) => {
      expectTypeOf(data.grantId).toEqualTypeOf<string>();
      expectTypeOf(request).toEqualTypeOf<Request>();
    },
  },
  onOutcome: (_report, request) => expectTypeOf(request).toEqualTypeOf<Request>(),
});
createReceiver({
  provider: grantex(),
  secret,
  inbox: undefined,
  dedupe: false,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Request>() },
});

// Where only the run says whether there is one, a handler has to ask.
declare const perhaps: EmbeddedInbox | undefined;
createReceiver({
  provider: grantex(),
  secret,
  inbox: perhaps,
  on: {
    '*': (_event, { request, attempt, complete }) => {
      expectTypeOf(request).toEqualTypeOf<Request | undefined>();
      expectTypeOf(attempt).toEqualTypeOf<number | undefined>();
      // @ts-expect-error there may be none
      complete(database);
    },
  },
});
// @ts-expect-error then it needs a secret
createReceiver({ provider: grantex(), inbox: perhaps, on: {} });

// complete takes what the engine takes, and returns what it returns.
createReceiver({
  provider: grantex(),
  secret,
  inbox: embedded,
  on: {
    '*': (_event, { complete }) => {
      expectTypeOf(complete).toEqualTypeOf<(database: Database) => void>();
      // @ts-expect-error the client of another
      complete(client);
      // @ts-expect-error nothing
      complete();
    },
    'grant.*': [(_event, { complete }) => expectTypeOf(complete(database)).toEqualTypeOf<void>()],
  },
});
createReceiver({
  provider: grantex(),
  secret,
  inbox: server,
  on: {
    '*': (_event, { complete }) => {
      expectTypeOf(complete(client)).toEqualTypeOf<Promise<void>>();
      // @ts-expect-error the handle of another
      complete(database);
    },
  },
});
createReceiver({
  provider: grantex(),
  secret,
  inbox: queue,
  on: {
    '*': (_event, { attempt, complete }) => {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      // @ts-expect-error there is no transaction to share
      complete(database);
    },
  },
});
createReceiver({
  provider: grantex(),
  secret,
  on: {
    '*': (_event, { attempt, complete }) => {
      expectTypeOf(attempt).toEqualTypeOf<undefined>();
      // @ts-expect-error there is no inbox
      complete(database);
    },
  },
});

// A lane needs an inbox that keeps order, a name does not: claims know receivers by it too.
const lane = (event: EventOf<Grantex>) => event.type;
createReceiver({ provider: grantex(), secret, inbox: embedded, lane, on: {} });
createReceiver({ provider: grantex(), secret, inbox, lane, on: {} });
// @ts-expect-error it keeps no order
createReceiver({ provider: grantex(), secret, inbox: queue, lane, on: {} });
// @ts-expect-error there is no inbox
createReceiver({ provider: grantex(), secret, lane, on: {} });
createReceiver({ provider: grantex(), secret, receiverName: 'grants', dedupe: memoryClaims(), on: {} });
// @ts-expect-error an inbox remembers by itself
createReceiver({ provider: grantex(), secret, inbox, dedupe: memoryClaims(), on: {} });

// A process that only works has no secret. One that is named must be there.
createReceiver({ provider: grantex(), inbox, on: { '*': ({ type }) => type } });
createReceiver({ provider: grantex(), inbox: embedded, lane, receiverName: 'grants', on: {} });
// @ts-expect-error process.env may lack it
createReceiver({ provider: grantex(), secret: process.env['GRANTEX_SECRET'], inbox, on: {} });
// @ts-expect-error without an inbox it receives
createReceiver({ provider: grantex(), inbox: undefined, on: {} });

// A handler that was written elsewhere fits where its context does.
const elsewhere = (_event: EventOf<Grantex>, { attempt, complete }: HandlerContext<undefined, EmbeddedInbox>) => {
  complete(database);
  return attempt + 1;
};
const anywhere = (_event: EventOf<Grantex>, { attempt }: HandlerContext) => attempt;
createReceiver({ provider: grantex(), secret, inbox: embedded, on: { '*': [elsewhere, anywhere] } });
createReceiver({ provider: grantex(), secret, inbox: queue, on: { '*': anywhere } });
createReceiver({ provider: grantex(), secret, on: { '*': anywhere } });
// @ts-expect-error a handler that completes in another database
createReceiver({ provider: grantex(), secret, inbox: server, on: { '*': elsewhere } });
// @ts-expect-error a handler that completes
createReceiver({ provider: grantex(), secret, on: { '*': elsewhere } });

// An inbox is any inbox, and no other.
expectTypeOf<EmbeddedInbox>().toExtend<Inbox>();
expectTypeOf<Inbox>().not.toExtend<EmbeddedInbox>();
expectTypeOf<Inbox<(client: Client) => Promise<void>>>().not.toExtend<Inbox<(database: Database) => void>>();

// What is not an inbox, no lane or no handler with an inbox does not compile.
// @ts-expect-error a claims store
createReceiver({ provider: grantex(), secret, inbox: memoryClaims(), on: {} });
// @ts-expect-error a lane is text
createReceiver({ provider: grantex(), secret, inbox, lane: () => 42, on: {} });
// @ts-expect-error a lane of data that is not narrowed
createReceiver({ provider: grantex(), secret, inbox, lane: ({ data }) => data.grantId, on: {} });
// @ts-expect-error misspelt
createReceiver({ provider: grantex(), secret, inbox, on: { 'grant.revokd': () => {} } });
const wantsRequest = (_event: EventFor<Grantex, '*'>, { request }: { request: Request }) => request.url;
createReceiver({ provider: grantex(), secret, on: { '*': wantsRequest } });
// @ts-expect-error a handler that relies on the request
createReceiver<Grantex, Request, Inbox>({ provider: grantex(), secret, inbox, on: { '*': wantsRequest } });

// The types that make it so.
expectTypeOf<HandlerRequest<Request, undefined>>().toEqualTypeOf<Request>();
expectTypeOf<HandlerRequest<Request, Inbox>>().toEqualTypeOf<undefined>();
expectTypeOf<HandlerRequest<Request, EmbeddedInbox>>().toEqualTypeOf<undefined>();

// What a report tells apart by its stage.
expectTypeOf<OutcomeReport['stage']>().toEqualTypeOf<'receive' | 'work'>();
expectTypeOf<OutcomeReport['outcome']>().toEqualTypeOf<Outcome | WorkOutcome>();
expectTypeOf<OutcomeReport['status']>().toEqualTypeOf<number | undefined>();
expectTypeOf<WorkOutcome>().toEqualTypeOf<'handled' | 'retried' | 'dead'>();

// A condition that may be undefined would mean all where something is done; where one only looks it is fine.
declare const maybe: string | undefined;
inbox.list({ name: maybe });
void inbox.discard({ name: 'grantex', state: 'dead' });
// @ts-expect-error it may be undefined
void inbox.discard({ name: maybe });
// @ts-expect-error it may be undefined
void inbox.replay({ error: maybe });
// @ts-expect-error it may be undefined
void inbox.prune({ handledBefore: undefined });

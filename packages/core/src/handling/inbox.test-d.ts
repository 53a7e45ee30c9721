// Type tests: `tsc` checks them, nothing runs them.

import { expectTypeOf } from 'vitest';
import {
  type Awaitable,
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
declare const inbox: Inbox;
/** An inbox with something of its own, as `@hookproof/inbox` makes them. */
declare const special: Inbox & { readonly path: string };

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
      expectTypeOf(attempt).toEqualTypeOf<number | undefined>();
      expectTypeOf(receivedAt).toEqualTypeOf<Date>();
      expectTypeOf(complete).toEqualTypeOf<(transaction: object) => Awaitable<void>>();
    },
    'grant.*': (event) => {
      if (event.type === 'grant.created') expectTypeOf(event.data.scopes).toEqualTypeOf<string[]>();
    },
    '*': (event, context) => {
      expectTypeOf(context).toEqualTypeOf<HandlerContext<undefined>>();
      if (event.type === 'token.issued') expectTypeOf(event.data.tokenId).toEqualTypeOf<string>();
    },
  },
});
createReceiver({
  provider: grantex(),
  secret,
  inbox: special,
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
declare const perhaps: Inbox | undefined;
createReceiver({
  provider: grantex(),
  secret,
  inbox: perhaps,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Request | undefined>() },
});

// What is no inbox, no lane or no handler with an inbox does not compile.
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
expectTypeOf<HandlerRequest<Request, typeof special>>().toEqualTypeOf<undefined>();

// What a report tells apart by its stage.
expectTypeOf<OutcomeReport['stage']>().toEqualTypeOf<'receive' | 'work'>();
expectTypeOf<OutcomeReport['outcome']>().toEqualTypeOf<Outcome | WorkOutcome>();
expectTypeOf<OutcomeReport['status']>().toEqualTypeOf<number | undefined>();
expectTypeOf<WorkOutcome>().toEqualTypeOf<'handled' | 'retried' | 'dead'>();

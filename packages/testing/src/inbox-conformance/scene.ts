import assert from 'node:assert/strict';
import {
  createReceiver,
  type DeliveryFilter,
  type DeliverySummary,
  grantex,
  type HandlerContext,
  type Inbox,
  type OutcomeReport,
  type Provider,
  type Receiver,
  type ReceiverOptions,
  type Reply,
  type WebhookEvent,
} from '@hookproof/core';
import { signedDelivery } from '../signed-delivery.ts';

/** The options of an inbox that the suite sets. */
export interface InboxSettings {
  readonly work?: boolean;
  readonly concurrency?: number;
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  /** Milliseconds between the end of a failed attempt and the next. */
  readonly backoff?: (attempt: number) => number;
  readonly leaseMs?: number;
  readonly laneTimeoutMs?: number;
  readonly pollMs?: number;
  readonly keepHeaders?: readonly string[];
  /** Milliseconds for which the event of a delivery that was pruned is known, from when it was handled. */
  readonly retainKeysMs?: number;
  /** The clock, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** A transaction of the user's, in the database of an inbox. */
export interface OpenTransaction {
  /** What `context.complete` takes. */
  readonly transaction: object;
  /** Ends it, and keeps what was written. */
  readonly commit: () => unknown;
  /** Ends it, and takes back what was written. */
  readonly rollback: () => unknown;
}

/** The inbox to test, and the runner to test it with. */
export interface InboxUnderTest {
  /** Stands before the name of every test. */
  readonly name: string;
  /** Registers a test: `test` of vitest, `node:test`, `bun:test` or the like. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /**
   * Makes an inbox. The same `store` is the same store again, as another process would open it; every other one is empty.
   */
  readonly open: (store: string, settings: InboxSettings) => Inbox | Promise<Inbox>;
  /** Whether two inboxes can be open on one store, and one finds what an earlier one left; `true` by default. */
  readonly shared?: boolean | undefined;
  /** Begins a transaction in the store's database; without it `complete` must refuse. */
  readonly begin?: ((store: string) => OpenTransaction | Promise<OpenTransaction>) | undefined;
}

/** Titles and bodies of tests. */
export type Tests = readonly (readonly [title: string, run: () => Promise<void>])[];

export const secret = 'the secret of the conformance suite';

type Options = Partial<ReceiverOptions<Provider, unknown, Inbox>>;

/** One call of a handler. */
interface Call {
  readonly event: WebhookEvent;
  readonly context: HandlerContext<undefined>;
}

/** A receiver with its inbox, as a process would have them, and everything that they told. */
export interface Process {
  readonly inbox: Inbox;
  readonly receiver: Receiver<unknown>;
  readonly calls: readonly Call[];
  readonly reports: readonly OutcomeReport[];
  /** Resolves with the reports of attempts when there are that many. */
  readonly attempts: (count: number) => Promise<readonly OutcomeReport[]>;
}

/** What a test works with. */
export interface Scene {
  /** Makes an inbox and a receiver on the store; `handler` is for all types. */
  readonly start: (
    settings?: InboxSettings,
    handler?: (call: Call) => unknown,
    options?: Options,
    store?: string,
  ) => Promise<Process>;
  readonly store: string;
}

let stores = 0;

/** Runs a test on a store of its own, and closes every inbox whatever happens. */
export async function withStore({ open }: InboxUnderTest, run: (scene: Scene) => Promise<void>): Promise<void> {
  stores += 1;
  const own = `${Date.now().toString(36)}${stores}`;
  const opened: Inbox[] = [];
  const start: Scene['start'] = async (settings = {}, handler = () => undefined, options = {}, store = own) => {
    const inbox = await open(store, { pollMs: 50, backoff: () => 0, ...settings });
    opened.push(inbox);
    const calls: Call[] = [];
    const reports = watched<OutcomeReport>();
    const receiver = createReceiver<Provider, unknown, Inbox>({
      provider: grantex(),
      secret,
      inbox,
      on: {
        '*': (event, context) => {
          const call = { event, context };
          calls.push(call);
          return handler(call);
        },
      },
      onOutcome: reports.add,
      ...options,
    });
    const attempts = (count: number) =>
      reports.until((all) => {
        const found = all.filter(({ stage }) => stage === 'work');
        return found.length >= count ? found : undefined;
      });
    return { inbox, receiver, calls, reports: reports.all, attempts };
  };
  try {
    await run({ start, store: own });
  } finally {
    await Promise.all(opened.map((inbox) => inbox.close({ maxMs: 100 })));
  }
}

/** Calls `complete` with whatever a test wants it to take: what its type takes, only the engine knows. */
export async function complete({ context }: Call, transaction: object): Promise<void> {
  await Reflect.apply(context.complete, undefined, [transaction]);
}

/** A list that can be waited for. */
function watched<T>() {
  const all: T[] = [];
  const watchers = new Set<() => void>();
  return {
    all,
    add: (item: T) => {
      all.push(item);
      for (const watcher of watchers) watcher();
    },
    until: <R>(find: (items: readonly T[]) => R | undefined) =>
      new Promise<R>((resolve, reject) => {
        const look = () => {
          const found = find(all);
          if (found === undefined) return;
          clearTimeout(timer);
          watchers.delete(look);
          resolve(found);
        };
        const timer = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`not within 20 s: ${JSON.stringify(all.map(String))}`));
        }, 20_000);
        watchers.add(look);
        look();
      }),
  };
}

/** Something that a handler waits for until the test says so. */
export function gate<T = void>(): { readonly opened: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** A genuine delivery of an event of the grant's. */
export async function delivery(id: string, grantId = 'grnt_1') {
  const event = { type: 'grant.revoked', id, data: { grantId, cascade: false } } as const;
  return signedDelivery(grantex(), event, { secret });
}

/** Delivers an event, and says what was answered. */
export async function deliver({ receiver }: Process, id: string, grantId?: string): Promise<Reply> {
  const { headers, body } = await delivery(id, grantId);
  return receiver.receive({ headers, body });
}

/** Delivers any body with a genuine signature. */
export async function deliverBody({ receiver }: Process, body: string | Uint8Array): Promise<Reply> {
  const signed = await signedDelivery(grantex(), { body }, { secret });
  return receiver.receive({ headers: signed.headers, body: signed.body });
}

/** Everything that an inbox lists. */
export async function listed({ inbox }: Process, filter?: DeliveryFilter): Promise<readonly DeliverySummary[]> {
  const found: DeliverySummary[] = [];
  for await (const summary of inbox.list(filter)) found.push(summary);
  return found;
}

/** The one delivery that is there. */
export async function only(process: Process): Promise<DeliverySummary> {
  const [one, ...others] = await listed(process);
  assert.ok(one);
  assert.equal(others.length, 0);
  return one;
}

/** How each attempt ended, in order. */
export function endings(reports: readonly OutcomeReport[]): readonly string[] {
  return reports.map(({ outcome, attempt, error }) => `${attempt} ${outcome}${error ? ` ${error.code}` : ''}`);
}

/** The ids of the events that were handled, in order. */
export function handledIds({ calls }: Process): readonly string[] {
  return calls.map(({ event }) => event.id ?? '');
}

/** Does something with a NODE_ENV of its own. */
export async function inStage(stage: string, run: () => unknown): Promise<void> {
  const before = process.env['NODE_ENV'];
  // Not by assignment: the types of some frameworks make it read-only.
  Reflect.set(process.env, 'NODE_ENV', stage);
  try {
    await run();
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, 'NODE_ENV');
    else Reflect.set(process.env, 'NODE_ENV', before);
  }
}

/** Does something, and returns what it said by `console.warn`. */
export async function warnings(run: () => unknown): Promise<readonly string[]> {
  const { warn } = console;
  const said: string[] = [];
  console.warn = (text: unknown) => void said.push(String(text));
  try {
    await run();
  } finally {
    console.warn = warn;
  }
  return said;
}

import { checkNames, errorText, invalid, type OptionNames } from '@hookproof/core/strict';
import { checkKept } from './credentials.ts';

export { invalid, ownOptions } from '@hookproof/core/strict';

/** What every inbox can be told. */
export interface InboxOptions {
  /**
   * Whether this process works on what is stored; `true` by default. With `false` it only stores, and handles when
   * `drain` is called.
   */
  readonly work?: boolean | undefined;
  /** How many deliveries this process works on at once; 10 by default. */
  readonly concurrency?: number | undefined;
  /** Milliseconds that all handlers of a delivery have together in one attempt; 60,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Attempts before a delivery is a dead letter; 8 by default, which take about a day. */
  readonly maxAttempts?: number | undefined;
  /**
   * Milliseconds between the end of a failed attempt (from 1) and the next; 15 s, 1 min, 4 min … four times as long each
   * time by default. A fifth more or less is added at random, so that what failed together does not come back together.
   */
  readonly backoff?: ((attempt: number) => number) | undefined;
  /**
   * Milliseconds after which a delivery is given to another worker when nothing is heard of the one that has it; 30,000
   * by default. A living worker is heard of three times as often.
   */
  readonly leaseMs?: number | undefined;
  /** Milliseconds for which a delivery that keeps failing holds back its lane; 300,000 by default. */
  readonly laneTimeoutMs?: number | undefined;
  /** Milliseconds for which handled deliveries are kept, to look at them and to replay them; 30 days by default. */
  readonly retainHandledMs?: number | undefined;
  /**
   * Milliseconds for which an event is known as a duplicate after it was handled, also when its delivery is deleted; 365
   * days by default. What of them is longer than `retainHandledMs` costs a key each; with 0 no keys are kept.
   */
  readonly retainKeysMs?: number | undefined;
  /** Milliseconds between looks for what other processes stored, and for retries that are due; 1,000 by default. */
  readonly pollMs?: number | undefined;
  /**
   * Milliseconds that the store has for an answer; 5,000 by default. A connection that is silent for longer is thrown
   * away, and the provider is told to try again. Looking, pruning and replaying have ten times as long.
   */
  readonly storeTimeoutMs?: number | undefined;
  /**
   * Headers with credentials that are stored all the same, by their names in any case; none by default. Left out are
   * `authorization`, `cookie` and the others that the page on the inbox lists: a store should not hold what lets
   * somebody in. Handlers see what is stored.
   */
  readonly keepHeaders?: readonly string[] | undefined;
  /**
   * Called when the store fails while nobody waits for it; `console.error` by default, not more than twice a minute for
   * the same error.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** The clock, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

/** The options with their defaults. */
export type Settings = { readonly [K in keyof InboxOptions]-?: Exclude<InboxOptions[K], undefined> };

/** Milliseconds for which the same error is not said again. */
const quietMs = 30_000;

const day = 24 * 60 * 60 * 1_000;
const names: OptionNames<InboxOptions> = {
  work: true,
  concurrency: true,
  timeoutMs: true,
  maxAttempts: true,
  backoff: true,
  leaseMs: true,
  laneTimeoutMs: true,
  retainHandledMs: true,
  retainKeysMs: true,
  pollMs: true,
  storeTimeoutMs: true,
  keepHeaders: true,
  onError: true,
  now: true,
};

/** Checks the options that all engines share; throws `invalid_options` with the option's name. */
export function checkOptions(options: InboxOptions, own: readonly string[]): Settings {
  const ofEngine = Object.fromEntries(own.map((name) => [name, true] as const));
  const given = checkNames<InboxOptions>('this inbox', options, { ...ofEngine, ...names });
  const { work = true, onError = logError('the inbox'), now = Date.now, backoff = fourfold } = given;
  if (typeof work !== 'boolean') throw invalid('work must be true or false');
  if (typeof backoff !== 'function')
    throw invalid('backoff must be a function of the attempt, from 1, that returns milliseconds');
  for (const [name, value] of Object.entries({ onError, now })) {
    if (typeof value !== 'function') throw invalid(`${name} must be a function`);
  }
  return {
    work,
    onError: guarded('the inbox', onError),
    now,
    backoff,
    concurrency: whole('concurrency', given.concurrency ?? 10),
    maxAttempts: whole('maxAttempts', given.maxAttempts ?? 8),
    timeoutMs: milliseconds('timeoutMs', given.timeoutMs ?? 60_000),
    leaseMs: milliseconds('leaseMs', given.leaseMs ?? 30_000),
    laneTimeoutMs: milliseconds('laneTimeoutMs', given.laneTimeoutMs ?? 300_000),
    retainHandledMs: milliseconds('retainHandledMs', given.retainHandledMs ?? 30 * day, 36_500 * day),
    retainKeysMs: milliseconds('retainKeysMs', given.retainKeysMs ?? 365 * day, 36_500 * day, true),
    pollMs: milliseconds('pollMs', given.pollMs ?? 1_000),
    storeTimeoutMs: milliseconds('storeTimeoutMs', given.storeTimeoutMs ?? 5_000),
    keepHeaders: checkKept(given.keepHeaders ?? []),
  };
}

function fourfold(attempt: number): number {
  return 15_000 * 4 ** (attempt - 1);
}

/** A function of the user's that fails must not take the worker with it. */
export function guarded(owner: string, onError: (error: unknown) => unknown): (error: unknown) => void {
  const failed = (error: unknown) => console.error(`hookproof: onError of ${owner} failed:`, errorText(error));
  return (error) => {
    try {
      Promise.resolve(onError(error)).catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  };
}

/** Says what went wrong, but not every second while a store is out of reach. */
export function logError(owner: string): (error: unknown) => void {
  const said = new Map<string, number>();
  return (error) => {
    const text = String(error);
    if (performance.now() - (said.get(text) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
    if (said.size > 100) said.clear();
    said.set(text, performance.now());
    // Not the whole object: what a database driver throws may hold its connection.
    console.error(`hookproof: ${owner}:`, errorText(error));
  };
}

function whole(option: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw invalid(`${option} must be a whole number, at least 1`);
}

// Node's timers turn anything above 2^31-1 into 1 ms.
export function milliseconds(option: string, value: unknown, most: number = 2 ** 31 - 1, orNone = false): number {
  if (typeof value === 'number' && value <= most && (value > 0 || (orNone && value === 0))) return value;
  const least = orNone ? ', at least 0' : ' above 0';
  throw invalid(`${option} must be a number of milliseconds${least}, and at most ${most}`);
}

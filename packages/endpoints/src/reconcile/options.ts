import { checkNames, invalid, type OptionNames } from '@hookproof/core/strict';
import type { TakingReceiver } from './bring.ts';
import type { DeliveryLog, LogWindow } from './log.ts';
import type { SearchedInbox } from './lookup.ts';

/** Where a run goes on that was ended: plain data, which can be written as JSON. */
export interface ReconcileCursor {
  /** ISO 8601. */
  readonly since: string;
  /** ISO 8601. */
  readonly until: string;
  /** The page of the log that comes next. */
  readonly page: number;
}

/** Options of {@link reconcile}. */
export interface ReconcileOptions {
  /** What the provider has sent: what `grantexLog`, `grantivaLog` or `gravvLog` returns. */
  readonly log: DeliveryLog;
  /** What there is. */
  readonly inbox: SearchedInbox;
  /** What the inbox knows the receiver by; the provider's name by default. */
  readonly receiverName?: string | undefined;
  /** Whose events they are, where the secret function names owners: as the inbox shows it. */
  readonly owner?: string | undefined;
  /** Deliveries made at this time or later; 24 hours before `until` by default. */
  readonly since?: Date | undefined;
  /** Deliveries made before this time; a minute ago by default, because what is on its way is not missing. */
  readonly until?: Date | undefined;
  /** Types that the receiver handles, where not all are stored: `device.new`, or `device.*`; all by default. */
  readonly types?: readonly string[] | undefined;
  /** Whether what is missing is sent again by the provider, where it can; `false` by default: then nothing is changed. */
  readonly resend?: boolean | undefined;
  /** Milliseconds that what was sent again has to arrive, for a page of the log; 10,000 by default. */
  readonly patienceMs?: number | undefined;
  /**
   * A receiver with this inbox, which takes in what the log has kept, if the signature fits and is fresh enough for it; none by
   * default: then nothing is taken in.
   */
  readonly backfill?: TakingReceiver | undefined;
  /** The cursor of the last page of a run that was ended: this one goes on after it, with its `since` and `until`. */
  readonly from?: ReconcileCursor | undefined;
  /** Stops the run. */
  readonly signal?: AbortSignal | undefined;
}

const names: OptionNames<ReconcileOptions> = {
  ...{ log: true, inbox: true, receiverName: true, owner: true, since: true, until: true, types: true },
  ...{ resend: true, patienceMs: true, backfill: true, from: true, signal: true },
};

/** The options with their defaults. */
export type Reconciling = Omit<ReconcileOptions, 'receiverName' | 'from'> & {
  readonly name: string;
  readonly window: LogWindow;
  readonly page: number;
  readonly patienceMs: number;
  readonly isWanted: (type: string) => boolean;
};

/** Checks the options; throws `invalid_options`. */
export function checkReconcile(options: ReconcileOptions): Reconciling {
  const given = checkNames<ReconcileOptions>('reconcile', options, names);
  const { log, inbox, receiverName, types = ['*'], resend, patienceMs = 10_000, backfill } = given;
  if (typeof log?.pages !== 'function') {
    throw invalid('log is not a delivery log.', 'Give what grantexLog, grantivaLog or gravvLog returns.');
  }
  if (typeof inbox?.known !== 'function') throw invalid('inbox is not an inbox.', 'Give the one of your receiver.');
  if (backfill !== undefined && typeof backfill.receive !== 'function') {
    throw invalid('backfill is not a receiver.', 'Give one that has the same inbox, made by createReceiver.');
  }
  if (backfill !== undefined && log.content === undefined) {
    throw invalid(`backfill was given, but the log of ${log.provider} keeps no bodies.`, 'Leave it out.');
  }
  if (resend === true && log.resend === undefined) {
    throw invalid(`resend was given, but ${log.provider} cannot send again.`, 'Leave it out.');
  }
  if (!Array.isArray(types) || !types.every((type) => typeof type === 'string' && type !== '')) {
    throw invalid('types is not a list of types of events.', "Give names, or patterns such as 'device.*'.");
  }
  if (typeof patienceMs !== 'number' || !(patienceMs >= 0 && patienceMs < 2 ** 31)) {
    throw invalid('patienceMs is not a time.', 'Give milliseconds.');
  }
  const { page, ...window } = startOf(given);
  return {
    ...given,
    ...{ name: receiverName ?? log.provider, window, page, patienceMs },
    isWanted: (type) => types.some((one) => (one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : type === one)),
  };
}

const dayMs = 24 * 60 * 60_000;
const onItsWayMs = 60_000;

function startOf({ from, ...given }: ReconcileOptions): LogWindow & { readonly page: number } {
  if (from !== undefined) {
    const window = { since: new Date(from.since), until: new Date(from.until) };
    if (!Number.isSafeInteger(from.page) || from.page < 1 || !(window.since < window.until)) {
      throw invalid('from is not a cursor.', 'Give that of a page of an earlier run, as it was.');
    }
    return { ...window, page: from.page };
  }
  for (const name of ['since', 'until'] as const) {
    const date: unknown = given[name];
    if (date !== undefined && !(date instanceof Date && date.getTime() > 0))
      throw invalid(`${name} is not a Date.`, 'Give a Date.');
  }
  const until = given.until ?? new Date(Date.now() - onItsWayMs);
  const since = given.since ?? new Date(Number(until) - dayMs);
  if (since >= until) throw invalid('since is not before until.', 'Give an earlier time as since.');
  return { since, until, page: 1 };
}

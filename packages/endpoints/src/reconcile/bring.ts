import { EndpointError, type EndpointErrorCode } from '../error.ts';
import type { CallOptions } from '../options.ts';
import { pause } from '../pause.ts';
import type { DeliveryLog, LoggedContent, LoggedDelivery } from './log.ts';
import type { FindAbsent } from './lookup.ts';

/** What is used of a receiver to take in what a log has kept. */
export interface TakingReceiver {
  /** Takes a delivery through every step. */
  receive(delivery: {
    readonly headers: ReadonlyMap<string, string>;
    readonly body: string;
  }): Promise<{ readonly outcome: string }>;
}

/** The header that marks what was taken in from a log, with the time. It is stored with the delivery, and not signed. */
const backfilledHeader = 'hookproof-backfilled';

/** What came of an attempt to get a delivery: an outcome, or why there was none. */
export type Brought = ReadonlyMap<LoggedDelivery, string>;

/** The outcomes of a delivery that is there. */
const there: readonly (string | undefined)[] = ['stored', 'duplicate', 'handled'];

export const isThere = (outcome: string | undefined) => there.includes(outcome);

/** Takes in what a log has kept, through a receiver, which proves it as it proves everything. */
export async function takeIn(
  receiver: TakingReceiver,
  kept: ReadonlyMap<LoggedDelivery, LoggedContent>,
): Promise<Brought> {
  const brought = new Map<LoggedDelivery, string>();
  for (const [delivery, { headers, bodies }] of kept) {
    const marked = new Map([...headers, [backfilledHeader, new Date().toISOString()] as const]);
    for (const body of bodies) {
      const { outcome } = await receiver.receive({ headers: marked, body });
      brought.set(delivery, outcome);
      if (isThere(outcome)) break;
    }
  }
  return brought;
}

/** Errors of one delivery alone: the others may be sent all the same. */
const ofOne: ReadonlySet<EndpointErrorCode> = new Set([
  ...(['not_found', 'conflict', 'invalid_request', 'server_error', 'timed_out'] as const),
]);

/** How deliveries are sent again. */
interface Sending {
  readonly findAbsent: FindAbsent;
  readonly patienceMs: number;
  readonly mostInVain: number;
  readonly call: CallOptions;
}

/**
 * Has deliveries sent again, and waits until they are there, but not longer than `patienceMs`. After `mostInVain` in a row
 * that did not arrive, as far as the provider tells at once, it sends no more.
 */
export async function sendAgain(
  resend: NonNullable<DeliveryLog['resend']>,
  deliveries: readonly LoggedDelivery[],
  { findAbsent, patienceMs, mostInVain, call }: Sending,
): Promise<Brought> {
  const brought = new Map<LoggedDelivery, string>();
  const sent: LoggedDelivery[] = [];
  let inVain = 0;
  for (const delivery of deliveries) {
    if (inVain >= mostInVain) break;
    try {
      const outcome = await resend(delivery, call);
      if (outcome === undefined) sent.push(delivery);
      else brought.set(delivery, outcome);
    } catch (error) {
      if (!(error instanceof EndpointError) || !ofOne.has(error.code)) throw error;
      brought.set(delivery, error.code);
    }
    inVain = sent.includes(delivery) || isThere(brought.get(delivery)) ? 0 : inVain + 1;
  }
  const until = performance.now() + patienceMs;
  let absent: readonly LoggedDelivery[] = await findAbsent(sent);
  for (let waitMs = 50; absent.length > 0; waitMs = Math.min(waitMs * 2, 1_000)) {
    const leftMs = until - performance.now();
    if (leftMs <= 0 || call.signal?.aborted) break;
    await pause(Math.min(waitMs, leftMs), call.signal);
    absent = await findAbsent(absent);
  }
  for (const delivery of sent) brought.set(delivery, absent.includes(delivery) ? 'not there yet' : 'stored');
  return brought;
}

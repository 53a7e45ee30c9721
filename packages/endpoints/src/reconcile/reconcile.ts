import { EndpointError } from '../error.ts';
import { type Brought, isThere, sendAgain, takeIn } from './bring.ts';
import type { LoggedContent, LoggedDelivery } from './log.ts';
import { lookup } from './lookup.ts';
import { checkReconcile, type ReconcileCursor, type ReconcileOptions, type Reconciling } from './options.ts';

/** A delivery of which the inbox does not know the event. */
export interface MissingDelivery extends LoggedDelivery {
  /** What came of taking it in or sending it again: an outcome or code of the receiver or the client, or a few words. */
  readonly tried: string | undefined;
}

/** What a page of the log has, compared with the inbox. */
export interface ReconciledPage {
  /** Deliveries of the window and of the types that are wanted. */
  readonly compared: number;
  /** Those whose event the inbox knows. */
  readonly present: number;
  /** Those that a receiver has ignored, because it has no handler for their type. */
  readonly ignored: number;
  /** Those that are not there, and that the provider will send again by itself. */
  readonly pending: number;
  /** Those that were missing, and were brought in by this run. */
  readonly recovered: readonly LoggedDelivery[];
  /** Those that are missing still. */
  readonly missing: readonly MissingDelivery[];
  /** Where to go on after this page. */
  readonly cursor: ReconcileCursor;
}

/**
 * Compares what a provider says it has sent with what an inbox knows, page by page, as the pages are read. What is missing
 * can be sent again, or taken in from the log; without `resend` and `backfill` nothing is changed. Each loop over it begins
 * anew. Whoever keeps the `cursor` of the last page can go on after it, in another process too.
 *
 * @param options see {@link ReconcileOptions} for each option, its unit and its default
 * @returns the pages; reading one throws {@link EndpointError}, or what the inbox throws
 * @throws WebhookError `invalid_options` when an option is wrong
 *
 * @example
 * ```ts
 * import type { Inbox } from '@hookproof/core';
 * import { gravvDeliveries, gravvLog, reconcile } from '@hookproof/endpoints';
 *
 * export async function missingAtGravv(inbox: Inbox) {
 *   const gravv = gravvDeliveries({ apiKey: process.env.GRAVV_API_KEY ?? '', requestsPerSecond: 0.15 });
 *   let count = 0;
 *   for await (const { missing } of reconcile({ log: gravvLog(gravv), inbox, resend: true })) {
 *     for (const { type, createdAt, tried } of missing) console.log(type, createdAt, tried);
 *     count += missing.length;
 *   }
 *   return count;
 * }
 * ```
 */
export function reconcile(options: ReconcileOptions): AsyncIterable<ReconciledPage> {
  const checked = checkReconcile(options);
  return { [Symbol.asyncIterator]: () => pagesOf(checked) };
}

/** So many are sent again, and none arrives, before no more are. */
const mostInVain = 10;

async function* pagesOf(given: Reconciling): AsyncGenerator<ReconciledPage> {
  const { log, window, page: first, signal } = given;
  const compare = comparing(given);
  const cursor = (page: number) => ({ since: window.since.toISOString(), until: window.until.toISOString(), page });
  for await (const { page, deliveries } of log.pages(window, first, { signal })) {
    const wanted = deliveries.filter(({ type, createdAt }) => given.isWanted(type) && isIn(window, createdAt));
    yield { ...(await compare(wanted)), cursor: cursor(page + 1) };
  }
}

/** Whether it was made in the window. A time that cannot be read may be any. */
function isIn({ since, until }: Reconciling['window'], createdAt: string): boolean {
  const at = Date.parse(createdAt);
  return Number.isNaN(at) || (at >= since.getTime() && at < until.getTime());
}

/** Makes the comparison of some deliveries with the inbox. */
function comparing(given: Reconciling) {
  const { log, inbox, name, owner, window, patienceMs, backfill, signal } = given;
  const call = { signal };
  const findAbsent = lookup({ inbox, name, owner, idHeader: log.idHeader, since: window.since });
  let resend = given.resend === true ? log.resend : undefined;
  let inVain = 0;

  const hashes = new Map<LoggedDelivery, string>();

  /** Asks for what was sent, where the list of the log does not tell enough; of all of them where it is to be taken in. */
  async function contentsOf(absent: readonly LoggedDelivery[]) {
    const contents = new Map<LoggedDelivery, LoggedContent>();
    if (log.content === undefined) return contents;
    for (const delivery of absent) {
      if (delivery.eventId !== undefined && backfill === undefined) continue;
      const content = await log.content(delivery, call).catch(nothingThere);
      if (content === undefined) continue;
      const known = { ...delivery, eventId: delivery.eventId ?? content.eventId };
      contents.set(known, content);
      const [body] = content.bodies;
      if (known.eventId === undefined && body !== undefined) hashes.set(known, await sha256Hex(body));
    }
    return contents;
  }

  return async (deliveries: readonly LoggedDelivery[]): Promise<Omit<ReconciledPage, 'cursor'>> => {
    hashes.clear();
    const handled = deliveries.filter(({ outcome }) => outcome !== 'ignored');
    const unknown = await findAbsent(handled);
    const contents = await contentsOf(unknown.filter(({ isPending }) => !isPending));
    // Those of which more is known now take the place of what the list told of them.
    const told = new Map([...contents.keys()].map((delivery) => [delivery.id, delivery]));
    const absent = await findAbsent(
      unknown.map((delivery) => told.get(delivery.id) ?? delivery),
      hashes,
    );
    const missing = absent.filter(({ isPending }) => !isPending);

    const kept = new Map([...contents].filter(([delivery]) => missing.includes(delivery)));
    const taken: Brought = backfill === undefined ? new Map() : await takeIn(backfill, kept);
    const left = missing.filter((delivery) => !isThere(taken.get(delivery)));
    const sent: Brought =
      resend === undefined
        ? new Map()
        : await sendAgain(resend, left, { findAbsent, patienceMs, mostInVain: mostInVain - inVain, call });
    // Where none arrives, neither will the others: the endpoint is down, or is another one.
    inVain = [...sent.values()].some(isThere) ? 0 : inVain + sent.size;
    if (inVain >= mostInVain) resend = undefined;

    // What has an id is there when the inbox knows it; for what has none, the word of whoever took it stands.
    const still = new Set(await findAbsent(missing, hashes));
    const isBrought = (delivery: LoggedDelivery) =>
      !still.has(delivery) ||
      (log.idHeader === undefined &&
        delivery.eventId === undefined &&
        isThere(sent.get(delivery) ?? taken.get(delivery)));
    return {
      compared: deliveries.length,
      ignored: deliveries.length - handled.length,
      present: handled.length - absent.length,
      pending: absent.length - missing.length,
      recovered: missing.filter(isBrought),
      missing: missing
        .filter((delivery) => !isBrought(delivery))
        .map((delivery) => ({ ...delivery, tried: sent.get(delivery) ?? taken.get(delivery) })),
    };
  };
}

/** The provider may have forgotten what its list still has. */
function nothingThere(error: unknown): undefined {
  if (error instanceof EndpointError && error.code === 'not_found') return;
  throw error;
}

async function sha256Hex(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

import * as z from 'zod';
import { optionalText } from './endpoint.ts';
import { EndpointError } from './error.ts';
import { checkNames, invalid } from './options.ts';

/** One event on its way to an endpoint of Grantex. */
export interface GrantexDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly status: GrantexDeliveryStatus | (string & {});
  /** 0 where the attempts crashed the sender, as an answer of 204, 205 or 304 does, again and again. */
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly url: string;
  /**
   * Why the last attempt that failed did so, in Grantex's words: text from outside, so take care where you print it. One that
   * was delivered keeps it from an earlier attempt.
   */
  readonly lastError?: string | undefined;
  /** ISO 8601, as Grantex sent it. */
  readonly createdAt: string;
  /** ISO 8601, as Grantex sent it; undefined until it was delivered. */
  readonly deliveredAt?: string | undefined;
}

/** What became of a delivery. */
export type GrantexDeliveryStatus = 'pending' | 'delivered' | 'failed';

/** Which deliveries to read. */
export interface GrantexDeliveryFilter {
  /** Only those; all by default. */
  readonly status?: GrantexDeliveryStatus | undefined;
  /** Deliveries of one request, at most 100; 100 by default. */
  readonly pageSize?: number | undefined;
}

/** One page of deliveries. */
export interface GrantexDeliveryPage {
  /** Those that no earlier page had. */
  readonly deliveries: readonly GrantexDelivery[];
  /** How many there are in all. */
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

/** The deliveries of an endpoint, asked for page by page as they are read. Each loop over them begins anew. */
export interface GrantexDeliveries extends AsyncIterable<GrantexDelivery> {
  /** The same by pages, the first of which comes even if it is empty. */
  pages(): AsyncIterable<GrantexDeliveryPage>;
}

const Delivery = z.object({
  // Bounded, because the ids of all pages are kept while they are read.
  id: z.string().min(1).max(200),
  webhookId: z.string(),
  eventId: z.string(),
  eventType: z.string(),
  status: z.string(),
  attempts: z.number(),
  maxAttempts: z.number(),
  url: z.string(),
  lastError: optionalText,
  createdAt: z.string(),
  deliveredAt: optionalText,
});

/** A page as Grantex sends it. */
export const Page = z.object({
  deliveries: z.array(Delivery),
  total: z.number(),
  page: z.number(),
  pageSize: z.number(),
});

const statuses: readonly string[] = ['pending', 'delivered', 'failed'] satisfies GrantexDeliveryStatus[];

/** Checks which deliveries are asked for; throws `invalid_options`. */
export function checkFilter(filter: GrantexDeliveryFilter) {
  const given = checkNames<GrantexDeliveryFilter>('deliveries', filter, { status: true, pageSize: true });
  const { status, pageSize = 100 } = given;
  if (status !== undefined && !statuses.includes(status)) {
    throw invalid('status is none of a delivery.', `Give one of ${statuses.join(', ')}.`);
  }
  if (!Number.isSafeInteger(pageSize) || pageSize < 1 || pageSize > 100) {
    throw invalid('pageSize is no size of a page.', 'Give a whole number from 1 to 100.');
  }
  return { status, pageSize };
}

/**
 * Reads pages one after the other until all are read.
 *
 * @param most how many deliveries are read before a server that never ends is given up
 */
export function deliveriesOf(
  pageAt: (page: number) => Promise<GrantexDeliveryPage>,
  most = 1_000_000,
): GrantexDeliveries {
  async function* pages(): AsyncGenerator<GrantexDeliveryPage> {
    const seen = new Set<string>();
    let pagesWithoutNews = 0;
    for (let page = 1; ; page += 1) {
      const answer = await pageAt(page);
      // New deliveries push older ones onto the next page, where they come again.
      const deliveries = answer.deliveries.filter(({ id }) => seen.size < seen.add(id).size);
      if (deliveries.length > 0 || page === 1) yield { ...answer, deliveries };
      const isLast = seen.size >= answer.total || page * answer.pageSize >= answer.total;
      if (answer.deliveries.length === 0 || isLast) return;
      pagesWithoutNews = deliveries.length === 0 ? pagesWithoutNews + 1 : 0;
      if (seen.size >= most || pagesWithoutNews > mostWithoutNews) throw endless(most);
    }
  }
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { deliveries } of pages()) yield* deliveries;
    },
  };
}

/** So many pages of new deliveries do not come between two requests: the server sends the same page each time. */
const mostWithoutNews = 100;

function endless(most: number): EndpointError {
  const fix = 'Ask for those of one status, or break off when you have enough.';
  return new EndpointError(
    'unexpected_response',
    `The deliveries do not end: ${most} were read, or page after page was the same.`,
    {
      fix,
      attempts: 0,
    },
  );
}

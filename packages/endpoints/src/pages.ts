import { EndpointError } from './error.ts';
import { invalid } from './options.ts';

/** One page of a provider's delivery log. */
export interface DeliveryPage<Delivery> {
  /** Those that no earlier page had. */
  readonly deliveries: readonly Delivery[];
  /** How many there are in all; undefined where the provider does not say. */
  readonly total: number | undefined;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

/** A provider's delivery log, asked for page by page as it is read. Each loop over it begins anew. */
export interface Deliveries<Delivery, Page = DeliveryPage<Delivery>> extends AsyncIterable<Delivery> {
  /** The same by pages, the first of which comes even if it is empty. */
  pages(): AsyncIterable<Page>;
}

/** Which part of a log to read. */
export interface PageChoice {
  /** Deliveries of one request, at most 100; 100 by default. */
  readonly pageSize?: number | undefined;
  /** The page to begin with; 1 by default. */
  readonly page?: number | undefined;
}

/** Checks which part of a log is asked for; throws `invalid_options`. */
export function checkPages({ pageSize = 100, page = 1 }: PageChoice) {
  if (!Number.isSafeInteger(pageSize) || pageSize < 1 || pageSize > 100) {
    throw invalid('pageSize is not a size of a page.', 'Give a whole number from 1 to 100.');
  }
  if (!Number.isSafeInteger(page) || page < 1) throw invalid('page is not a page.', 'Give a whole number from 1.');
  return { pageSize, page };
}

/**
 * Reads pages one after the other until all are read.
 *
 * @param first the page to begin with
 * @param most how many deliveries are read before a server that never ends is given up
 */
export function deliveriesOf<Page extends DeliveryPage<{ readonly id: string }>>(
  pageAt: (page: number) => Promise<Page>,
  first = 1,
  most = 1_000_000,
): Deliveries<Page['deliveries'][number], Page> {
  async function* pages(): AsyncGenerator<Page> {
    const seen = new Set<string>();
    let pagesWithoutNews = 0;
    for (let page = first; ; page += 1) {
      const answer = await pageAt(page);
      // New deliveries push older ones onto the next page, where they come again.
      const deliveries = answer.deliveries.filter(({ id }) => seen.size < seen.add(id).size);
      if (deliveries.length > 0 || page === first) yield { ...answer, deliveries };
      if (answer.deliveries.length === 0 || isLast(answer, page, seen.size)) return;
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

function isLast({ total, pageSize }: DeliveryPage<unknown>, page: number, seen: number): boolean {
  return total !== undefined && (seen >= total || page * pageSize >= total);
}

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

import * as z from 'zod';
import { optionalText } from './endpoint.ts';
import { checkNames, invalid } from './options.ts';
import { checkPages, type Deliveries, type DeliveryPage, type PageChoice } from './pages.ts';

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

/** Which deliveries to read; the newest come first. */
export interface GrantexDeliveryFilter extends PageChoice {
  /** Only those; all by default. */
  readonly status?: GrantexDeliveryStatus | undefined;
}

/** One page of deliveries. */
export interface GrantexDeliveryPage extends DeliveryPage<GrantexDelivery> {
  /** How many there are in all. */
  readonly total: number;
}

/** The deliveries of an endpoint, asked for page by page as they are read. Each loop over them begins anew. */
export interface GrantexDeliveries extends Deliveries<GrantexDelivery, GrantexDeliveryPage> {}

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
  const names = { status: true, pageSize: true, page: true } as const;
  const { status, ...pages } = checkNames<GrantexDeliveryFilter>('deliveries', filter, names);
  if (status !== undefined && !statuses.includes(status)) {
    throw invalid('status is none of a delivery.', `Give one of ${statuses.join(', ')}.`);
  }
  return { status, ...checkPages(pages) };
}

import * as z from 'zod';
import { optionalText } from './endpoint.ts';
import { listIn, looseId, looseNumber, looseText } from './loose.ts';

/** What became of a delivery of Grantiva's. */
export type GrantivaDeliveryStatus = 'pending' | 'success' | 'failed';

/** One event on its way to an endpoint of Grantiva. */
export interface GrantivaDelivery {
  /** What it brings as `X-Grantiva-Delivery`, the same in every attempt. */
  readonly id: string;
  readonly eventType: string;
  readonly status: GrantivaDeliveryStatus | (string & {});
  /** What your endpoint last answered; undefined where it did not. */
  readonly httpStatus?: number | undefined;
  /** The beginning of that answer: text from outside, so take care where you print it. */
  readonly responseBody?: string | undefined;
  /** Why the last attempt failed, in Grantiva's words. */
  readonly error?: string | undefined;
  readonly attemptCount?: number | undefined;
  /** ISO 8601, as Grantiva sent it; undefined where it does not try again by itself. */
  readonly nextRetryAt?: string | undefined;
  /** ISO 8601, as Grantiva sent it; undefined until it was delivered. */
  readonly deliveredAt?: string | undefined;
  /** ISO 8601, as Grantiva sent it. */
  readonly createdAt: string;
}

/** What became of a test delivery. */
export interface GrantivaTest {
  /** Whether your endpoint answered with 2xx. */
  readonly success: boolean;
  readonly httpStatus?: number | undefined;
  /** The beginning of the answer. */
  readonly responseBody?: string | undefined;
  readonly latencyMs?: number | undefined;
  readonly error?: string | undefined;
}

export const Delivery = z.object({
  id: looseId,
  eventType: z.string(),
  status: z.string(),
  httpStatus: looseNumber,
  responseBody: looseText,
  error: looseText,
  attemptCount: looseNumber,
  nextRetryAt: optionalText,
  deliveredAt: optionalText,
  createdAt: z.string(),
});

interface DeliveriesPage {
  readonly items: readonly GrantivaDelivery[];
  readonly metadata: { readonly total?: number | undefined; readonly per?: number | undefined };
}

/** A page of deliveries. */
export const Page: z.ZodType<DeliveriesPage> = z.preprocess(
  (answer) => {
    const metadata: unknown = Reflect.get(Object(answer), 'metadata');
    return { items: listIn(answer, ['items', 'deliveries']), metadata: metadata ?? {} };
  },
  z.object({ items: z.array(Delivery), metadata: z.object({ total: looseNumber, per: looseNumber }) }),
);

export const Test = z.object({
  success: z.boolean(),
  httpStatus: looseNumber,
  responseBody: looseText,
  latencyMs: looseNumber,
  error: looseText,
});

import * as z from 'zod';
import { optionalText } from './endpoint.ts';
import { fieldOf, firstOf, listIn, looseId, looseNumber, looseText, withoutWrapping } from './loose.ts';

/** Where an event of Gravv's history stands. */
export type GravvDeliveryStatus = 'pending' | 'processing' | 'sent' | 'failed' | 'retrying';

/** One event in Gravv's history of webhooks. */
export interface GravvDelivery {
  /** Gravv's id of it, for `event`, `calls` and `send`. */
  readonly id: string;
  /** `event_id` of its body, where the history has it. */
  readonly eventId?: string | undefined;
  readonly eventType: string;
  readonly status?: GravvDeliveryStatus | (string & {}) | undefined;
  /** Where it is sent. */
  readonly url?: string | undefined;
  /** What your endpoint last answered. */
  readonly responseStatus?: number | undefined;
  /** Attempts until now, where the history has them. */
  readonly attempts?: number | undefined;
  /** ISO 8601, as Gravv sent it. */
  readonly createdAt: string;
  /** ISO 8601, as Gravv sent it. */
  readonly lastAttemptAt?: string | undefined;
}

/** An event of Gravv's history, with what was sent and what your endpoint answered. */
export interface GravvEvent extends GravvDelivery {
  readonly maxRetries?: number | undefined;
  /** The headers that were sent, signature included, by their names in lower case. */
  readonly requestHeaders: ReadonlyMap<string, string>;
  /** The body that was sent, as text where Gravv keeps it so, else as what it says in JSON; undefined where it has none. */
  readonly payload?: unknown;
  /** What your endpoint answered, as text or JSON. */
  readonly responseBody?: unknown;
}

/** One attempt to deliver an event, as Gravv's history has it. */
export interface GravvCall {
  readonly status?: string | undefined;
  readonly responseStatus?: number | undefined;
  readonly responseBody?: unknown;
  /** Milliseconds. */
  readonly durationMs?: number | undefined;
  /** ISO 8601, as Gravv sent it. */
  readonly at?: string | undefined;
}

/** What became of an event that Gravv sent again. */
export interface GravvSent {
  /** What your endpoint answered; undefined where it did not. */
  readonly responseStatus?: number | undefined;
  readonly responseBody?: unknown;
  /** Milliseconds. */
  readonly durationMs?: number | undefined;
}

/** Names under which answers may have the same. */
const names = {
  id: ['id', 'webhook_event_id'],
  event_id: ['event_id', 'external_event_id'],
  event_type: ['event_type', 'type'],
  url: ['path', 'url', 'target_url'],
  attempts: ['attempts', 'attempt_count'],
  created_at: ['created_at', 'timestamp', 'sent_at'],
  last_attempt: ['last_attempt', 'last_attempt_at'],
  response_status_code: ['response_status_code', 'status_code', 'response_status'],
  response_body: ['response_body', 'response'],
  duration_ms: ['duration_ms', 'duration'],
  at: ['attempted_at', 'created_at', 'timestamp', 'last_attempt', 'sent_at'],
  lists: ['items', 'history', 'events', 'calls', 'attempts'],
} as const;

/** An object with its fields under their first names. */
function named(row: unknown, fields: readonly Exclude<keyof typeof names, 'lists'>[]): unknown {
  if (typeof row !== 'object' || row === null) return row;
  const known = fields.map((field) => [field, firstOf(row, names[field]) ?? undefined] as const);
  return { ...row, ...Object.fromEntries(known) };
}

const deliveryFields = [
  ...(['id', 'event_id', 'event_type', 'url', 'attempts', 'created_at', 'last_attempt'] as const),
  ...(['response_status_code', 'response_body'] as const),
];

const Row = z.object({
  id: looseId,
  event_id: looseId.nullish(),
  event_type: z.string(),
  status: looseText,
  url: looseText,
  response_status_code: looseNumber,
  attempts: looseNumber,
  created_at: z.string(),
  last_attempt: optionalText,
});

function deliveryOf(row: z.output<typeof Row>): GravvDelivery {
  return {
    id: row.id,
    eventId: row.event_id ?? undefined,
    eventType: row.event_type,
    status: row.status,
    url: row.url,
    responseStatus: row.response_status_code,
    attempts: row.attempts,
    createdAt: row.created_at,
    lastAttemptAt: row.last_attempt,
  };
}

const Delivery = z.preprocess((row) => named(row, deliveryFields), Row.transform(deliveryOf));

interface HistoryPage {
  readonly items: readonly GravvDelivery[];
  readonly total?: number | undefined;
  readonly pageSize?: number | undefined;
}

// The types of schemas differ from one release of zod to the next: what is exported is named by what it reads.

/** A page of the history. */
export const History: z.ZodType<HistoryPage> = z.preprocess(
  (answer) => {
    const inner = withoutWrapping(answer);
    const total = firstOf(inner, ['total_items', 'total']) ?? firstOf(answer, ['total_items', 'total']);
    const pageSize = firstOf(inner, ['items_per_page', 'page_size', 'limit']);
    return { items: listIn(answer, names.lists), total, pageSize };
  },
  z.object({ items: z.array(Delivery), total: looseNumber, pageSize: looseNumber }),
);

/** The headers of a request, whatever else is among them. */
const Headers = z.unknown().transform((headers): ReadonlyMap<string, string> => {
  const entries = typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
  return new Map(
    entries.flatMap(([name, value]): [string, string][] => {
      // As Go keeps them.
      const text: unknown = Array.isArray(value) ? value[0] : value;
      return typeof text === 'string' ? [[name.toLowerCase(), text]] : [];
    }),
  );
});

/** One event. */
export const OneEvent: z.ZodType<GravvEvent> = z.preprocess(
  (answer) => {
    const inner = withoutWrapping(answer);
    return named(fieldOf(inner, 'event') ?? inner, deliveryFields);
  },
  Row.extend({
    max_retries: looseNumber,
    request_headers: Headers,
    payload: z.unknown(),
    response_body: z.unknown(),
  }).transform(
    ({ max_retries, request_headers, payload, response_body, ...row }): GravvEvent => ({
      ...deliveryOf(row),
      maxRetries: max_retries,
      requestHeaders: request_headers,
      payload,
      responseBody: response_body,
    }),
  ),
);

const callFields = ['response_status_code', 'response_body', 'duration_ms', 'at'] as const;

const Call = z.preprocess(
  (row) => named(row, callFields),
  z
    .object({
      status: looseText,
      response_status_code: looseNumber,
      response_body: z.unknown(),
      duration_ms: looseNumber,
      at: looseText,
    })
    .transform(
      ({ status, response_status_code, response_body, duration_ms, at }): GravvCall => ({
        status,
        responseStatus: response_status_code,
        responseBody: response_body,
        durationMs: duration_ms,
        at,
      }),
    ),
);

/** The attempts at an event. */
export const Calls: z.ZodType<readonly GravvCall[]> = z
  .preprocess((answer) => ({ calls: listIn(answer, names.lists) }), z.object({ calls: z.array(Call) }))
  .transform(({ calls }) => calls);

/** What became of an event that was sent again. */
export const Sent: z.ZodType<GravvSent> = z
  .preprocess(withoutWrapping, Call)
  .transform(
    ({ responseStatus, responseBody, durationMs }): GravvSent => ({ responseStatus, responseBody, durationMs }),
  );

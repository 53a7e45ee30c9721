import { type RejectionCode, rejections } from '../error.ts';
import type { AcceptedCode, Outcome } from '../handling/progress.ts';

/** The statuses of what was accepted, beside {@link rejections}. Never 204 or 205: Grantex's sender crashes on them. */
const accepted = { handled: 200, stored: 202, duplicate: 200, ignored: 200 } as const satisfies Record<
  AcceptedCode,
  number
>;

/** Every status a reply can have. */
export type ReplyStatus = (typeof accepted)[AcceptedCode] | (typeof rejections)[RejectionCode];

/** What to answer the sender. The same delivery gets the same reply from every adapter on every runtime. */
export interface Reply {
  readonly status: ReplyStatus;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly outcome: Outcome;
}

/** Reason phrases of RFC 9110: the `title` that RFC 9457 asks for where `type` is left out. */
const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

// Every reply there can be is made here, once: nothing of a request can reach one.
const replies: ReadonlyMap<Outcome, Reply> = new Map([
  ...entries(accepted).map(([outcome, status]) => entry(outcome, status, 'application/json', { outcome })),
  ...entries(rejections).map(([code, status]) =>
    entry(code, status, 'application/problem+json', { title: titles[status], status, code }),
  ),
]);

/** The reply for an outcome. */
export function replyFor(outcome: Outcome): Reply {
  const reply = replies.get(outcome);
  if (reply === undefined) throw new RangeError(`no reply for outcome ${outcome}`);
  return reply;
}

function entry(outcome: Outcome, status: ReplyStatus, mediaType: string, body: object): [Outcome, Reply] {
  // Fastify adds the charset where it is missing; naming it keeps all adapters alike.
  const headers: Record<string, string> = { 'content-type': `${mediaType}; charset=utf-8` };
  if (outcome === 'method_not_allowed') headers['allow'] = 'POST';
  return [outcome, Object.freeze({ status, headers: Object.freeze(headers), body: JSON.stringify(body), outcome })];
}

// `Object.entries` forgets which value belongs to which key.
function entries<T extends object>(table: T) {
  return Object.entries(table) as { [K in keyof T & string]: [K, T[K]] }[keyof T & string][];
}

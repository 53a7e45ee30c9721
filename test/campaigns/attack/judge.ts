import assert from 'node:assert/strict';
import { maxBodyBytes } from './deliveries.ts';
import { fieldsOf, type Joined, type Scheme } from './schemes.ts';
import type { Sent } from './sent.ts';

/** A reply, as it came back. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly allow: string | undefined;
  readonly body: string;
}

/** What the app saw of one delivery. */
export interface Seen {
  /** Outcomes that were reported. */
  readonly outcomes: readonly string[];
  /** Bodies that reached the handler. */
  readonly handled: readonly Uint8Array[];
}

// The rows of the outcome table that a sender alone can cause, written out again.
const rows = {
  handled: [200, ''],
  missing_signature: [401, 'Unauthorized'],
  malformed_signature: [401, 'Unauthorized'],
  signature_mismatch: [401, 'Unauthorized'],
  stale_delivery: [401, 'Unauthorized'],
  method_not_allowed: [405, 'Method Not Allowed'],
  body_too_large: [413, 'Content Too Large'],
  unsupported_encoding: [415, 'Unsupported Media Type'],
  invalid_body: [400, 'Bad Request'],
  invalid_event: [422, 'Unprocessable Content'],
} as const;

export type Row = keyof typeof rows;

/** Every answer of the table as it must come back, to the letter. */
export function answerFor(outcome: Row): Answer {
  const [status, title] = rows[outcome];
  return {
    status,
    contentType: `application/${status === 200 ? 'json' : 'problem+json'}; charset=utf-8`,
    allow: status === 405 ? 'POST' : undefined,
    body: JSON.stringify(status === 200 ? { outcome } : { title, status, code: outcome }),
  };
}

/** What may become of a delivery, by its headers as a server holds them. */
function rightOutcomes(scheme: Scheme, sent: Sent, headers: Joined): readonly Row[] {
  if (sent.method !== 'POST') return ['method_not_allowed'];
  // Before a byte is read.
  if (!['', 'identity'].includes((headers.get('content-encoding') ?? '').trim().toLowerCase())) {
    return ['unsupported_encoding'];
  }
  if (sent.body.length > maxBodyBytes) return ['body_too_large'];
  switch (scheme.judge(headers, sent.body)) {
    case 'unsigned':
      return ['missing_signature'];
    case 'forged':
      return ['missing_signature', 'malformed_signature', 'signature_mismatch'];
    case 'stale':
      return ['stale_delivery'];
    case 'genuine':
      return eventOutcomes(scheme, sent.body);
  }
}

function eventOutcomes({ provider, samples }: Scheme, body: Uint8Array): readonly Row[] {
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    if (samples.includes(text)) return ['handled'];
    value = JSON.parse(text);
  } catch {
    return ['invalid_body'];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ['invalid_event'];
  const fields = new Map<string, unknown>(Object.entries(value));
  const own = fieldsOf(provider);
  const [type, id] = [fields.get(own.type), fields.get(own.id)];
  const isUnknownType = typeof type === 'string' && type.startsWith('attack.') && type.length <= 256;
  if (isUnknownType && (id === undefined || typeof id === 'string')) return ['handled'];
  return ['handled', 'invalid_event'];
}

/**
 * Throws where a delivery did not get what it deserves: nothing false accepted or refused, one report, and a row of the
 * table. Returns what became of it.
 */
export function check(scheme: Scheme, sent: Sent, headers: Joined, answer: Answer, seen: Seen): Row {
  const right: readonly string[] = rightOutcomes(scheme, sent, headers);
  const [outcome = 'nothing'] = seen.outcomes;
  assert.equal(seen.outcomes.length, 1, `reported ${seen.outcomes.join(', ') || 'nothing'}`);
  assert(right.includes(outcome), `${outcome}, which must be ${right.join(' or ')}`);
  assert(isRow(outcome));
  assert.deepEqual(answer, answerFor(outcome));
  const bodies = seen.handled.map((body) => Buffer.from(body));
  assert.deepEqual(bodies, outcome === 'handled' ? [Buffer.from(sent.body)] : []);
  return outcome;
}

function isRow(outcome: string): outcome is Row {
  return Object.hasOwn(rows, outcome);
}

/** Headers as servers hold them; HTTP trims values. */
export function joined(headers: Sent['headers'], trim: boolean): Joined {
  const map = new Map<string, string>();
  for (const [name, given] of headers) {
    const value = trim ? given.replace(/^[ \t]+|[ \t]+$/g, '') : given;
    const [key, earlier] = [name.toLowerCase(), map.get(name.toLowerCase())];
    map.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return map;
}

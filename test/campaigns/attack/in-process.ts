import { createReceiver, type Receiver } from '@hookproof/core';
import type { HeadersInput } from '@hookproof/core/adapter';
import { maxBodyBytes } from './deliveries.ts';
import { type Answer, check, joined, type Row } from './judge.ts';
import { now, type Scheme } from './schemes.ts';
import { piecesOf, type Sent } from './sent.ts';

/** What takes deliveries and can be attacked. */
export interface Target {
  /** Throws where the delivery did not get what it deserves; resolves with what became of it. */
  readonly attack: (sent: Sent) => Promise<Row>;
  readonly close: () => Promise<void>;
}

/** The options of every receiver under attack, and what it sees. */
export function recorder({ secret }: Scheme) {
  const outcomes: string[] = [];
  const handled: Uint8Array[] = [];
  return {
    options: {
      secret,
      maxBodyBytes,
      now: () => now * 1_000,
      dedupe: false as const,
      on: {
        '*': (_event: unknown, { delivery }: { delivery: { body: Uint8Array } }) => void handled.push(delivery.body),
      },
      onOutcome: ({ outcome }: { outcome: string }) => void outcomes.push(outcome),
    },
    /** Everything since it was last asked. */
    take: () => ({ outcomes: outcomes.splice(0), handled: handled.splice(0) }),
  };
}

/** `receiver.receive`, with headers in every shape that frameworks hand over, and bytes or a reader. */
export function receiveTarget(scheme: Scheme): Target {
  const { options, take } = recorder(scheme);
  const receiver = createReceiver({ ...options, provider: scheme.provider });
  return {
    async attack(sent) {
      const body = sent.framing === 'length' ? sent.body : async () => sent.body;
      const reply = await receiver.receive({ method: sent.method, headers: inSomeShape(sent), body });
      const { 'content-type': contentType, allow } = reply.headers;
      const answer = { status: reply.status, contentType, allow, body: reply.body };
      return check(scheme, sent, joined(sent.headers, false), answer, take());
    },
    close: async () => undefined,
  };
}

function inSomeShape({ headers, pieces }: Sent): HeadersInput {
  const names = headers.map(([name]) => name);
  const [kind = 0] = pieces;
  if (kind % 3 === 0 || new Set(names).size < names.length) return headers;
  return kind % 3 === 1 ? new Map(headers) : Object.fromEntries(headers);
}

/** `receiver.fetch`, with the body whole or in a stream. */
export function fetchTarget(scheme: Scheme): Target {
  const { options, take } = recorder(scheme);
  const receiver = createReceiver({ ...options, provider: scheme.provider });
  return {
    async attack(sent) {
      const answer = await fetchAnswer(receiver, sent);
      const given = sent.method === 'GET' ? { ...sent, body: new Uint8Array() } : sent;
      return check(scheme, given, joined(sent.headers, true), answer, take());
    },
    close: async () => undefined,
  };
}

async function fetchAnswer(receiver: Receiver<Request>, sent: Sent): Promise<Answer> {
  const { method } = sent;
  const headers = new Headers();
  for (const [name, value] of sent.headers) headers.append(name, value);
  const body = method === 'GET' ? null : sent.framing === 'length' ? Uint8Array.from(sent.body) : stream(sent);
  // Node wants `duplex` for a stream, and the types of the DOM do not know it.
  const init: RequestInit & { duplex: 'half' } = { method, headers, body, duplex: 'half' };
  const request = new Request('http://localhost/hooks', init);
  const response = await receiver.fetch(request);
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? undefined,
    allow: response.headers.get('allow') ?? undefined,
    body: await response.text(),
  };
}

function stream(sent: Sent): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = piecesOf(sent).values();
  return new ReadableStream({
    pull(controller) {
      const { value } = pieces.next();
      if (value === undefined) controller.close();
      else controller.enqueue(Uint8Array.from(value));
    },
  });
}

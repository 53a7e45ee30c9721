import {
  builtInProviders,
  type Claim,
  type ClaimStore,
  type Handler,
  type OutcomeReport,
  type Provider,
  type WebhookEvent,
  type WebhookOptions,
} from '@hookproof/core';
import { type AppOrder, type Calls, decode, encode } from './wire.ts';

/** The provider that an order names, as this process's own packages make it. */
export function providerOf({ provider }: AppOrder): Provider {
  const make = new Map<string, () => Provider>(Object.entries(builtInProviders)).get(provider);
  if (make === undefined) throw new Error(`${provider} is no built-in provider`);
  return make();
}

/** The options of an order, with functions that call the suite's. `onReport` gets the promise of each report's arrival. */
export function optionsOf(
  order: AppOrder,
  onReport: (sent: Promise<unknown>) => unknown = (sent) => sent,
): WebhookOptions<Provider> {
  return {
    ...order.limits,
    secret: order.secret ?? ((request) => call<string>(order, 'secret', { hasRequest: request !== undefined })),
    on: Object.fromEntries(
      Object.entries(order.handlers).map(([pattern, count]) => [
        pattern,
        Array.from({ length: count }, (_, index) => handler(order, pattern, index)),
      ]),
    ),
    ...(order.dedupe === 'default' ? {} : { dedupe: order.dedupe === 'store' && claimStore(order) }),
    onOutcome: (report, request) => onReport(sendReport(order, report, request)),
  };
}

function handler(order: AppOrder, pattern: string, index: number): Handler<WebhookEvent> {
  return (event, { delivery, owner, key, attempt, receivedAt, signal, request }) => {
    const { headers, body, id } = delivery;
    const facts = {
      pattern,
      index,
      event,
      delivery: { headers: [...headers], body, id },
      owner,
      key,
      attempt,
      receivedAt,
    };
    // When the signal aborts the connection ends, which is how the suite's handler learns of it. Bun tells of that end a
    // while later; a handler that heeds its signal ends at once.
    const givenUp = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return Promise.race([call(order, 'handler', { ...facts, hasRequest: request !== undefined }, signal), givenUp]);
  };
}

function claimStore(order: AppOrder): ClaimStore {
  return { claim: (key, leaseMs) => call<Claim>(order, 'claim', { key, leaseMs }) };
}

async function sendReport(order: AppOrder, report: OutcomeReport, request: unknown): Promise<void> {
  const { diagnose, ...facts } = report;
  await call(order, 'outcome', { facts, diagnosis: await diagnose?.(), hasRequest: request !== undefined });
}

/** Calls a function of the suite's: returns what it returned, and throws what it threw. */
async function call<Answer, Name extends keyof Calls = keyof Calls>(
  { functions }: AppOrder,
  name: Name,
  argument: Calls[Name],
  signal?: AbortSignal,
): Promise<Answer> {
  const body = encode(argument);
  const reply = await fetch(`${functions}/${name}`, {
    method: 'POST',
    body,
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = await reply.text();
  if (!reply.ok) throw decode<Error>(answer);
  return decode<{ answer: Answer }>(answer).answer;
}

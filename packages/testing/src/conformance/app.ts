import assert from 'node:assert/strict';
import type { HandlerContext, Outcome, OutcomeReport, Provider, WebhookEvent, WebhookOptions } from '@hookproof/core';
import { sampleEvent, sampleTypes } from '../samples.ts';
import { type RawEvent, type SignedDelivery, type SignedDeliveryOptions, signedDelivery } from '../signed-delivery.ts';
import type { WireReply } from './exchange.ts';

/** An app that an adapter's `serve` has started. */
export interface Served {
  /** Where deliveries go, on loopback. */
  readonly url: string;
  /** Ends the app with all its connections. */
  readonly close: () => Promise<void>;
}

/** Starts an app that receives a provider's webhooks through the adapter, for every HTTP method, on a free port. */
export type Serve = (provider: Provider, options: WebhookOptions<Provider>) => Promise<Served>;

/** One call of a handler. */
interface Call {
  readonly event: WebhookEvent;
  readonly context: HandlerContext;
}

/** An app under test, with everything that it reported. */
export interface App {
  readonly provider: Provider;
  readonly url: string;
  readonly secret: string;
  readonly calls: readonly Call[];
  /** Every event of this provider is signed for this app. */
  readonly sign: (event?: RawEvent, options?: Partial<SignedDeliveryOptions>) => Promise<SignedDelivery>;
  /** Resolves with the next report that was not taken yet. */
  readonly nextReport: () => Promise<OutcomeReport>;
}

/** Serves an app whose handler for `*` records its calls, runs a test on it, and closes it whatever happens. */
export async function withApp(
  serve: Serve,
  provider: Provider,
  options: Partial<WebhookOptions<Provider>>,
  run: (app: App) => Promise<void>,
): Promise<void> {
  const secret = secretFor(provider);
  const calls: Call[] = [];
  const reports = queue<OutcomeReport>();
  const served = await serve(provider, {
    secret,
    on: { '*': (event: WebhookEvent, context: HandlerContext) => calls.push({ event, context }) },
    onOutcome: reports.push,
    ...options,
  });
  try {
    const sign = (event = firstSample(provider), given: Partial<SignedDeliveryOptions> = {}) =>
      signedDelivery(provider, event, { secret, ...given });
    await run({ provider, url: served.url, secret, calls, sign, nextReport: reports.next });
  } finally {
    await served.close();
  }
}

/** Checks a reply to the letter, and that the app reported just this outcome. */
export async function expectOutcome(app: App, reply: WireReply, outcome: Outcome): Promise<OutcomeReport> {
  const report = await app.nextReport();
  assert.equal(report.outcome, outcome, `reported ${report.outcome}: ${report.error?.message}`);
  assert.deepEqual(reply, expectedReply(outcome));
  assert.equal(report.status, reply.status);
  assert.equal(report.provider, app.provider.name);
  return report;
}

/** The outcome table once more, written out: a slip in the engine's own shows here. */
const table: Readonly<Record<Outcome, readonly [status: number, title: string]>> = {
  handled: [200, ''],
  stored: [202, ''],
  duplicate: [200, ''],
  ignored: [200, ''],
  busy: [409, 'Conflict'],
  missing_signature: [401, 'Unauthorized'],
  malformed_signature: [401, 'Unauthorized'],
  signature_mismatch: [401, 'Unauthorized'],
  stale_delivery: [401, 'Unauthorized'],
  stale_event: [401, 'Unauthorized'],
  method_not_allowed: [405, 'Method Not Allowed'],
  body_timeout: [408, 'Request Timeout'],
  body_incomplete: [400, 'Bad Request'],
  body_too_large: [413, 'Content Too Large'],
  unsupported_encoding: [415, 'Unsupported Media Type'],
  invalid_body: [400, 'Bad Request'],
  invalid_event: [422, 'Unprocessable Content'],
  body_consumed: [500, 'Internal Server Error'],
  handler_failed: [500, 'Internal Server Error'],
  handler_timeout: [503, 'Service Unavailable'],
  secret_unavailable: [503, 'Service Unavailable'],
  claims_unavailable: [503, 'Service Unavailable'],
  inbox_unavailable: [503, 'Service Unavailable'],
};

function expectedReply(outcome: Outcome): WireReply {
  const [status, title] = table[outcome];
  const accepted = status < 300;
  return {
    status,
    contentType: `application/${accepted ? 'json' : 'problem+json'}; charset=utf-8`,
    allow: status === 405 ? 'POST' : undefined,
    body: JSON.stringify(accepted ? { outcome } : { title, status, code: outcome }),
  };
}

/** A sample of the provider's first type. */
export function firstSample(provider: Provider): RawEvent {
  const [type = ''] = sampleTypes(provider);
  return sampleEvent(provider, type);
}

/** A random secret in the provider's own format. */
function secretFor(provider: Provider): string {
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
  if (provider.secret.encoding === 'base64') {
    const [prefix = ''] = [provider.secret.prefix ?? ''].flat();
    return prefix + bytes.toString('base64');
  }
  return bytes.toString('hex');
}

function queue<T>() {
  const items: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  return {
    push: (item: T) => {
      const next = waiting.shift();
      if (next === undefined) items.push(item);
      else next(item);
    },
    next: () =>
      new Promise<T>((resolve) => {
        const item = items.shift();
        if (item === undefined) waiting.push(resolve);
        else resolve(item);
      }),
  };
}

import type { Outcome } from '@hookproof/core';
import { type RawEvent, type SignedDelivery, sampleEvent, sampleTypes, signedDelivery } from '@hookproof/testing';
import { captured } from './captured.ts';
import { providers, secrets } from './mounts.ts';

/** What is sent. */
export interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** What the sender must be answered, and what the receiver must report. */
export interface Expected {
  readonly status: number;
  readonly outcome: Outcome;
  readonly provider: string;
  /** Undefined where the delivery never proves to be genuine. */
  readonly type?: string | undefined;
}

/** One delivery, to every server. */
export interface Step {
  readonly path: string;
  readonly sent: Sent;
  readonly expected: Expected;
}

export interface Scene {
  readonly title: string;
  readonly steps: readonly Step[];
}

type Name = keyof typeof providers;

/** Everything the demo shows. The deliveries are signed now, as a sender would. */
export async function scenes(): Promise<readonly Scene[]> {
  return [
    await everySample('grantiva', 'Grantiva: every event type, to every framework'),
    await everySample('grantex', 'Grantex: every event type, to every framework'),
    await everySample('gravv', 'Gravv: every event type, to every framework'),
    await everySample('standard-webhooks', 'Standard Webhooks: two samples'),
    genuineCapture(),
    await sameEventTwice(),
    await forgeries(),
    await staleDelivery(),
    await oversizedBody(),
    wrongMethod(),
    await failureAndRetry(),
  ];
}

async function everySample(name: Name, title: string): Promise<Scene> {
  const types = sampleTypes(providers[name]);
  return { title, steps: await Promise.all(types.map(async (type) => handled(name, type, await sign(name, type)))) };
}

function genuineCapture(): Scene {
  const sent = { method: 'POST', headers: captured.headers, body: bytes(captured.body) };
  const expected: Expected = { status: 200, outcome: 'handled', provider: 'grantex', type: captured.type };
  return {
    title: 'A delivery captured from Grantex: by its legacy signature, and by V2 with the clock set to its time',
    steps: ['/captured/v1', '/captured/v2'].map((path) => ({ path, sent, expected })),
  };
}

async function sameEventTwice(): Promise<Scene> {
  const first = handled('grantiva', 'device.high_risk', await sign('grantiva', 'device.high_risk'));
  const again: Step = { ...first, expected: { ...first.expected, outcome: 'duplicate' } };
  return { title: 'The same event twice: the handler runs once', steps: [first, again] };
}

async function forgeries(): Promise<Scene> {
  const genuine = await sign('gravv', 'transfer.status.completed');
  const altered = { ...genuine, body: bytes(text(genuine.body).replace('1250.50', '9250.50')) };
  const event = sampleEvent(providers.grantiva, 'device.new');
  const guessed = await signedDelivery(providers.grantiva, event, { secret: 'whsec_guessed' });
  return {
    title: 'Forgeries: a transfer with its amount altered, and a device event signed with a guessed secret',
    steps: [
      rejected('gravv', 401, 'signature_mismatch', altered),
      rejected('grantiva', 401, 'signature_mismatch', guessed),
    ],
  };
}

async function staleDelivery(): Promise<Scene> {
  const stale = await sign('grantex', 'grant.revoked', { at: Date.now() - 600_000 });
  return {
    title: 'A replay: a V2 signature that is ten minutes old',
    steps: [rejected('grantex', 401, 'stale_delivery', stale)],
  };
}

async function oversizedBody(): Promise<Scene> {
  const body = new Uint8Array(1024 * 1024 + 1).fill(0x20);
  const large = await signedDelivery(providers.gravv, { body }, { secret: secrets.gravv });
  return { title: 'A body of one byte more than 1 MiB', steps: [rejected('gravv', 413, 'body_too_large', large)] };
}

function wrongMethod(): Scene {
  const get = { method: 'GET', headers: {} };
  return { title: 'A visit with GET', steps: [rejected('standard-webhooks', 405, 'method_not_allowed', get)] };
}

async function failureAndRetry(): Promise<Scene> {
  const path = '/ledger/gravv';
  const type = 'inflow.completed';
  const retry: Step = { ...handled('gravv', type, await sign('gravv', type)), path };
  const first: Step = { ...retry, expected: { ...retry.expected, status: 500, outcome: 'handler_failed' } };
  return { title: 'A handler that fails, and the retry of the same event', steps: [first, retry] };
}

function sign(name: Name, type: string, options: { at?: number } = {}): Promise<SignedDelivery> {
  const event: RawEvent = sampleEvent(providers[name], type);
  return signedDelivery(providers[name], event, { secret: secrets[name], ...options });
}

function handled(provider: Name, type: string, sent: Sent): Step {
  return { path: `/webhooks/${provider}`, sent, expected: { status: 200, outcome: 'handled', provider, type } };
}

function rejected(provider: Name, status: number, outcome: Outcome, sent: Sent): Step {
  return { path: `/webhooks/${provider}`, sent, expected: { status, outcome, provider } };
}

const bytes = (value: string) => new TextEncoder().encode(value);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

import { type ClaimStore, createReceiver, memoryClaims, type Provider } from '@hookproof/core';
import type { Pair } from '../cpu/pair.ts';
import { makeArrivedDelivery, type NodeDelivery, type SchemeName, schemes } from '../deliveries.ts';
import { handWritten, verifier } from '../hand-written.ts';
import { handle, handleLater } from '../handle.ts';
import { pool } from '../pool.ts';

type Handler = typeof handle | typeof handleLater;

/** `receiver.receive` beside a hand-written function. */
export function plain(scheme: SchemeName, bytes: number): Promise<Pair> {
  return receiving(scheme, bytes, handle, false);
}

/** The same with the default store, which the hand-written side has not. */
export async function deduping(scheme: SchemeName, bytes: number): Promise<Pair> {
  return receiving(scheme, bytes, handle, await fullStore());
}

/** The same with a handler that waits, on both sides. */
export function asyncHandler(scheme: SchemeName, bytes: number): Promise<Pair> {
  return receiving(scheme, bytes, handleLater, false);
}

async function receiving(
  scheme: SchemeName,
  bytes: number,
  handler: Handler,
  dedupe: ClaimStore | false,
): Promise<Pair> {
  const { provider, secret } = schemes[scheme];
  const next = await pool(() => makeArrivedDelivery(scheme, bytes));
  const receiver = createReceiver({ provider: provider as Provider, secret, on: { '*': handler }, dedupe });
  const byHand = receiveByHand(scheme, handler);
  return { genuine: true, base: () => byHand(next()), ours: () => receiver.receive(next()) };
}

interface HandReply {
  readonly status: number;
  readonly body: string;
}

function receiveByHand(scheme: SchemeName, handler: Handler): (delivery: NodeDelivery) => Promise<HandReply> {
  const verify = verifier(scheme, schemes[scheme].secret);
  return async ({ headers, body }) => {
    if (!verify((name) => headers[name], body)) return { status: 401, body: '{"outcome":"refused"}' };
    await handler(JSON.parse(body.toString()));
    return { status: 200, body: '{"outcome":"handled"}' };
  };
}

/** A request that knows its secret, as the `env` of a Worker or the tenant of a path does. */
interface TenantRequest {
  readonly env: { readonly WEBHOOK_SECRET: string };
}

const secretOf = ({ env }: TenantRequest) => env.WEBHOOK_SECRET;

/** The secret from a function of the request, on both sides. */
export async function secretFunction(scheme: SchemeName, bytes: number): Promise<Pair> {
  const { provider, secret } = schemes[scheme];
  const { key, verify } = handWritten[scheme];
  const next = await pool(async () => ({
    ...(await makeArrivedDelivery(scheme, bytes)),
    request: { env: { WEBHOOK_SECRET: secret } },
  }));
  const options = { provider: provider as Provider, secret: secretOf, on: { '*': handle }, dedupe: false } as const;
  const receiver = createReceiver<Provider, TenantRequest>(options);
  const byHand = async ({ headers, body, request }: ReturnType<typeof next>): Promise<HandReply> => {
    if (!verify((name) => headers[name], body, key(secretOf(request)))) {
      return { status: 401, body: '{"outcome":"refused"}' };
    }
    await handle(JSON.parse(body.toString()));
    return { status: 200, body: '{"outcome":"handled"}' };
  };
  return { genuine: true, base: () => byHand(next()), ours: () => receiver.receive(next()) };
}

/** The hand-written function beside a copy of itself: how far from 1 a ratio is that should be 1. */
export async function twice(scheme: SchemeName, bytes: number): Promise<Pair> {
  const next = await pool(() => makeArrivedDelivery(scheme, bytes));
  const [base, ours] = [receiveByHand(scheme, handle), receiveByHand(scheme, handle)];
  return { genuine: true, base: () => base(next()), ours: () => ours(next()) };
}

/**
 * The default store, as full as it is after its first 10,000 events. Every claim gets a number, so that a small stock
 * of deliveries counts as ever new events: finding the key, claiming it and forgetting the oldest are all measured.
 */
async function fullStore(): Promise<ClaimStore> {
  const store = memoryClaims();
  let number = 0;
  const numbered: ClaimStore = { claim: (key, leaseMs) => store.claim(`${key}#${number++}`, leaseMs) };
  for (let index = 0; index < 20_000; index++) {
    const claim = await numbered.claim('filler', 1_000);
    if (claim.state === 'taken') await claim.done();
  }
  return numbered;
}

import { createReceiver, type Provider } from '@hookproof/core';
import { do_not_optimize } from 'mitata';
import type { Pair } from '../cpu/pair.ts';
import { makeArrivedDelivery, type SchemeName, schemes } from '../deliveries.ts';
import { handle } from '../handle.ts';
import { pool } from '../pool.ts';

/** A receiver with 200 handlers, half of them for patterns, beside one with a single handler. */
export async function manyHandlers(_scheme: SchemeName, bytes: number): Promise<Pair> {
  // Its provider declares no events, so that there may be handlers for any.
  const scheme = 'standard webhooks';
  const { provider, secret } = schemes[scheme];
  const next = await pool(() => makeArrivedDelivery(scheme, bytes));
  const others = Array.from({ length: 199 }, (_, index) => [
    index % 2 === 0 ? `family${index}.*` : `other.type${index}`,
    handle,
  ]);
  const on = { ...Object.fromEntries(others), 'invoice.paid': handle };
  const one = createReceiver({ provider, secret, on: { 'invoice.paid': handle }, dedupe: false });
  const many = createReceiver({ provider, secret, on, dedupe: false });
  return { genuine: true, base: () => one.receive(next()), ours: () => many.receive(next()) };
}

/** A receiver with three secrets, of which the first fits, beside one with that secret alone. */
export async function manySecrets(scheme: SchemeName, bytes: number): Promise<Pair> {
  const { provider, secret } = schemes[scheme];
  const next = await pool(() => makeArrivedDelivery(scheme, bytes));
  const options = { provider: provider as Provider, on: { '*': handle }, dedupe: false } as const;
  const one = createReceiver({ ...options, secret });
  const many = createReceiver({ ...options, secret: [secret, `${secret}, older`, `${secret}, oldest`] });
  return { genuine: true, base: () => one.receive(next()), ours: () => many.receive(next()) };
}

/** A receiver whose deliveries are reported, beside one of which nobody wants to hear. */
export async function reports(scheme: SchemeName, bytes: number): Promise<Pair> {
  const { provider, secret } = schemes[scheme];
  const next = await pool(() => makeArrivedDelivery(scheme, bytes));
  const options = { provider: provider as Provider, secret, on: { '*': handle }, dedupe: false } as const;
  const silent = createReceiver(options);
  const reporting = createReceiver({ ...options, onOutcome: (report) => do_not_optimize(report) });
  return { genuine: true, base: () => silent.receive(next()), ours: () => reporting.receive(next()) };
}

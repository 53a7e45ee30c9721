import { setTimeout as sleep } from 'node:timers/promises';
import type { Provider, Secret } from '@hookproof/core';
import type { UnsignedDelivery } from '../signed-delivery.ts';
import type { SendingBehaviour } from './behaviours.ts';
import { type Exchanged, exchange, type Wire } from './exchange.ts';
import { type Faults, faultsOf } from './faults.ts';
import type { Gate } from './gate.ts';
import type { DeliveryEntry, SimulatedAttempt, SimulatedDelivery, SimulatedState } from './log.ts';
import { signAttempt } from './signed-attempt.ts';

/** How one provider sends whatever it sends. */
export interface Sending {
  readonly provider: Provider;
  readonly behaviour: SendingBehaviour;
  /** The secrets of the moment. */
  readonly secrets: () => readonly Secret[];
  readonly url: URL;
  readonly agent: Wire['agent'];
  readonly speed: number;
  readonly onAttempt: ((delivery: SimulatedDelivery, attempt: SimulatedAttempt) => void) | undefined;
  readonly now: () => number;
}

/** One delivery on its way. */
export interface Underway {
  /** What the log has of it. */
  readonly entry: DeliveryEntry;
  readonly unsigned: UnsignedDelivery;
  readonly faults: Faults | undefined;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  /** Ends its waits for a turn and for the next attempt, and lets an attempt on the wire come to its end. */
  readonly until: AbortSignal;
  /** Whose turn it must be for an attempt. */
  readonly gates: readonly Gate[];
}

/** Attempts a delivery until it is delivered, given up or aborted; only what `onAttempt` throws rejects it. */
export async function deliver(sending: Sending, underway: Underway): Promise<void> {
  const { entry, until } = underway;
  try {
    let [number, crashes] = [1, 0];
    while (entry.state === 'pending') {
      const attempts = await inTurn(underway, () => attempt(sending, underway, number, crashes));
      if (attempts === undefined) break;
      entry.retries = number - 1 + crashes;
      entry.attempts.push(...attempts);
      entry.state = stateAfter(attempts);
      for (const one of attempts) sending.onAttempt?.(entry, one);
      // What crashed the sender is no attempt to it: it has not come to count it.
      if (attempts.some(isCrash)) crashes++;
      else number++;
      const delay = attempts[0]?.nextDelayMs;
      if (delay !== undefined) await sleep(delay / sending.speed, undefined, { signal: until }).catch(() => undefined);
    }
  } finally {
    if (entry.state === 'pending') entry.state = 'aborted';
  }
}

/** Runs an attempt when every gate lets it through; undefined where the signal came first. */
function inTurn<T>({ gates, until }: Underway, run: () => Promise<T | undefined>): Promise<T | undefined> {
  return gates.reduceRight((inner, gate) => () => gate.through(until, inner), run)();
}

/** Sends the copies of one attempt at the same time. */
async function attempt(
  sending: Sending,
  { entry, unsigned, faults: given, signal }: Underway,
  number: number,
  crashes: number,
): Promise<readonly SimulatedAttempt[] | undefined> {
  const { provider, behaviour, url, agent, now } = sending;
  const faults = faultsOf(given, number);
  const rebuilt = number === 1 ? undefined : behaviour.rebuild?.(entry.type, unsigned.body);
  const delivery = rebuilt === undefined ? unsigned : { ...unsigned, body: Uint8Array.from(rebuilt) };
  const at = now();
  const signed = await signAttempt({ provider, behaviour, secrets: sending.secrets(), url, delivery, faults, at });
  if (signal.aborted) return undefined;
  const wire: Wire = { url, agent, timeoutMs: behaviour.timeoutMs, signal, faults };
  const exchanges = Array.from({ length: faults?.copies ?? 1 }, () => exchange(signed, wire));
  const results = (await Promise.all(exchanges)).map((result) => judged(result, behaviour));
  const isOver = results.some(({ isDelivered, error }) => isDelivered || error === 'aborted');
  const next = results.some(isCrash) ? behaviour.restartsMs[crashes] : behaviour.delaysMs[number - 1];
  const nextDelayMs = isOver ? undefined : next;
  return results.map((result) => {
    return { number, at: new Date(at), ...result, faults, nextDelayMs, sentHeaders: signed.headers };
  });
}

function isCrash({ error }: Pick<SimulatedAttempt, 'error'>): boolean {
  return error === 'sender_crashed';
}

/** What the provider makes of a reply. */
function judged(result: Exchanged, { crashesOn, delivers }: SendingBehaviour) {
  const { status } = result;
  if (result.error !== undefined || status === undefined) return { ...result, isDelivered: false };
  if (crashesOn.includes(status)) return { ...result, error: 'sender_crashed' as const, isDelivered: false };
  return { ...result, isDelivered: delivers(status) };
}

function stateAfter(attempts: readonly SimulatedAttempt[]): SimulatedState {
  if (attempts.some(({ isDelivered }) => isDelivered)) return 'delivered';
  if (attempts.some(({ error }) => error === 'aborted')) return 'aborted';
  return attempts.some(({ nextDelayMs }) => nextDelayMs !== undefined) ? 'pending' : 'failed';
}

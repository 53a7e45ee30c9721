/**
 * A provider on the desk: it sends to a URL as the real one does, tries again as the real one does, and keeps the delivery
 * log that the real one shows. It needs Node, and no particular test runner.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import type { Provider, Secret } from '@hookproof/core';
import { checkNames } from '@hookproof/core/strict';
import { behaviourOf, checkWaits } from './simulator/behaviours.ts';
import { type Composed, compose, neverSent } from './simulator/compose.ts';
import { deliver, type Sending, type Underway } from './simulator/deliver.ts';
import { agentFor } from './simulator/exchange.ts';
import { checkFaults, type Faults } from './simulator/faults.ts';
import { type Gate, gate } from './simulator/gate.ts';
import type { SimulatedDelivery } from './simulator/log.ts';
import {
  checkOptions,
  checkOverlap,
  checkSecret,
  checkSend,
  checkSendAll,
  checkUrl,
  type SendAllOptions,
  type SendOptions,
  type SimulatedEvent,
  type SimulatorOptions,
} from './simulator/options.ts';
import { inOrder, paced } from './simulator/order.ts';

export type { SendingBehaviour } from './simulator/behaviours.ts';
export type { Faults } from './simulator/faults.ts';
export type { AttemptError, SimulatedAttempt, SimulatedDelivery, SimulatedState } from './simulator/log.ts';
export type { SendAllOptions, SendOptions, SimulatedEvent, SimulatorOptions } from './simulator/options.ts';

/** A provider that {@link simulateProvider} has made. */
export interface SimulatedProvider<P extends Provider> {
  /**
   * Sends an event, with retries: a sample by the name of its type, an event of your own, or the provider's first sample.
   *
   * @returns the delivery once it is delivered, given up or aborted; whatever the receiver does, it never rejects
   * @throws WebhookError `invalid_options` for an event or options that cannot be sent
   */
  readonly send: (event?: SimulatedEvent<P>, options?: SendOptions) => Promise<SimulatedDelivery>;
  /**
   * Sends many events, side by side and in another order where that is wanted.
   *
   * @returns the deliveries in the order in which the events were given, once all of them have ended
   * @throws WebhookError `invalid_options` for an event or options that cannot be sent; nothing is sent then
   */
  readonly sendAll: (
    events: Iterable<SimulatedEvent<P>>,
    options?: SendAllOptions,
  ) => Promise<readonly SimulatedDelivery[]>;
  /** The last deliveries, in the order in which they were made. */
  readonly log: readonly SimulatedDelivery[];
  /**
   * Signs with another secret from now on, retries of earlier deliveries included. With `overlap` the former one signs
   * too, where the scheme's header can carry several signatures, as that of Standard Webhooks can.
   *
   * @throws WebhookError `invalid_options` for an unusable secret, or an overlap that the scheme has no place for
   */
  readonly rotateSecret: (next: Secret, options?: { readonly overlap?: boolean | undefined }) => void;
  /** Aborts what is pending, and closes every connection. What is sent after that is `aborted` at once. */
  readonly close: () => Promise<void>;
  /** The same, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * Makes a provider that sends to a URL as the real one does: its headers, its patience, its retries, its log.
 *
 * What each built-in provider does, and where that is a guess, stands in `docs/testing.md`. A provider that is not built in
 * sends one attempt, within its `timeoutMs` or 10 seconds; `behaviour` says what it does beyond that.
 *
 * @throws WebhookError `invalid_options` when an option is wrong
 *
 * @example
 * ```ts
 * import { grantex } from '@hookproof/core';
 * import { simulateProvider } from '@hookproof/testing/simulator';
 *
 * const sender = simulateProvider(grantex(), {
 *   url: 'http://localhost:3000/webhooks/grantex',
 *   secret: 'a secret for tests',
 *   speed: 600,
 *   onAttempt: ({ type }, { number, status }) => console.log(type, number, status),
 * });
 * const { state, retries } = await sender.send('grant.revoked');
 * console.log(state, retries); // delivered 0
 * await sender.close();
 * ```
 */
export function simulateProvider<const P extends Provider>(provider: P, given: SimulatorOptions): SimulatedProvider<P> {
  const options = checkOptions(provider, given);
  const { speed = 1, keepLast = 10_000, now = Date.now, onAttempt } = options;
  const url = checkUrl(options.url);
  const behaviour = behaviourOf(provider, options.behaviour);
  checkWaits(behaviour, speed);
  const usualFaults = checkFaults(options.faults, provider);
  let secrets: readonly Secret[] = [options.secret];
  const agent = agentFor(url, options.ca);
  const sending: Sending = { provider, behaviour, secrets: () => secrets, url, agent, speed, onAttempt, now };
  const onTheWire = gate(64);
  const log: SimulatedDelivery[] = [];
  const calls = new Map<AbortController, Promise<unknown>>();
  let isClosed = false;

  /** Runs a call so that `signal` and `close` can end it, and `close` can wait for it. */
  async function call<T>(outer: AbortSignal | undefined, run: (call: AbortController) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    // Thousands may wait on one signal: that is no leak.
    for (const signal of [controller.signal, outer]) if (signal !== undefined) setMaxListeners(0, signal);
    const abort = () => controller.abort();
    if (isClosed || outer?.aborted) abort();
    outer?.addEventListener('abort', abort, { once: true });
    const running = run(controller);
    calls.set(controller, running);
    try {
      return await running;
    } finally {
      outer?.removeEventListener('abort', abort);
      calls.delete(controller);
    }
  }

  function start(
    composed: Composed,
    faults: Faults | undefined,
    signals: Pick<Underway, 'signal' | 'until'>,
    ...gates: Gate[]
  ): Promise<void> {
    log.push(composed.entry);
    if (log.length > keepLast) log.shift();
    return deliver(sending, { ...composed, faults, ...signals, gates: [...gates, onTheWire] });
  }

  async function close(): Promise<void> {
    isClosed = true;
    const running = [...calls.values()];
    for (const controller of calls.keys()) controller.abort();
    await Promise.allSettled(running);
    agent.destroy();
  }

  return {
    log,
    async send(event, options = {}) {
      const given = checkSend(options);
      const faults = given.faults === undefined ? usualFaults : checkFaults(given.faults, provider);
      const composed = compose(provider, event, { url, at: now(), id: given.id });
      await call(given.signal, ({ signal }) => start(composed, faults, { signal, until: signal }));
      return composed.entry;
    },
    async sendAll(events, options = {}) {
      const given = checkSendAll(options);
      const faults = given.faults === undefined ? usualFaults : checkFaults(given.faults, provider);
      const all = Array.from(events, (event, place) => ({ event, place }));
      // Each is composed when its turn comes, so that a long run takes no more memory than its log.
      for (const event of new Set(all.map((one) => one.event))) compose(provider, event, { url, at: now() });
      const entries: SimulatedDelivery[] = [];
      const ownGate = gate(given.concurrency ?? 10);
      await call(given.signal, async (controller) => {
        const { signal } = controller;
        const until = given.until === undefined ? signal : AbortSignal.any([signal, given.until]);
        setMaxListeners(0, until);
        const begun: Promise<void>[] = [];
        for await (const { event, place } of paced(inOrder(all, given), given.ratePerSecond, until)) {
          // Those that wait for a turn wait here, and not all at once at the gate.
          await ownGate.through(until, async () => undefined);
          if (until.aborted) {
            entries[place] = neverSent(event, url);
            continue;
          }
          const composed = compose(provider, event, { url, at: now() });
          entries[place] = composed.entry;
          const ended = start(composed, faults, { signal, until }, ownGate);
          // What `onAttempt` throws ends all of them.
          ended.catch(() => controller.abort());
          begun.push(ended);
        }
        await Promise.all(begun);
      });
      return entries;
    },
    rotateSecret(next, options = {}) {
      const { overlap = false } = checkNames('rotateSecret', options, { overlap: true });
      checkSecret(provider, next);
      if (overlap) checkOverlap(provider);
      secrets = overlap ? [next, ...secrets.slice(0, 1)] : [next];
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

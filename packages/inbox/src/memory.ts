import type { DeliveryState, Inbox, StoredDelivery } from '@hookproof/core';
import type { Ending, Engine, Fresh, Lease } from './engine.ts';
import { fits } from './filter.ts';
import { createInbox } from './inbox.ts';
import { checkOptions, type InboxOptions, invalid, type Settings } from './options.ts';

/** What {@link memoryInbox} makes. It keeps the order of lanes; `complete` of a handler's context does not compile with it. */
export interface MemoryInbox extends Inbox {
  readonly lanes: true;
}

/**
 * Makes an inbox in this process's memory, for tests: nothing in it survives the process. It behaves as the durable ones
 * do, but has no database for `context.complete` to share.
 *
 * @param options see {@link InboxOptions} for each option, its unit and its default
 * @returns what the `inbox` option of every adapter takes
 * @throws WebhookError `invalid_options` when an option is wrong
 *
 * @example
 * ```ts
 * import { createReceiver, gravv } from '@hookproof/core';
 * import { memoryInbox } from '@hookproof/inbox';
 *
 * const inbox = memoryInbox({ work: false });
 * const receiver = createReceiver({ provider: gravv(), secret: 'of the test', inbox, on: { '*': ({ type }) => console.log(type) } });
 * console.log(receiver.limits.maxBodyBytes, await inbox.drain());
 * ```
 */
export function memoryInbox(options: InboxOptions = {}): MemoryInbox {
  const settings = checkOptions(options, []);
  return createInbox(memoryEngine(settings), settings);
}

/** A delivery as it is kept. `parked` while another holds its lane; `inLane` until it is handled, dead or late. */
interface Kept {
  delivery: StoredDelivery;
  parked: boolean;
  inLane: boolean;
  takes: number;
  dueAt: number;
  failingSince: number | undefined;
}

function memoryEngine({ laneTimeoutMs, retainKeysMs, now }: Settings): Engine<true, never> {
  const all = new Map<string, Kept>();
  const ids = new Map<string, string>();
  /** Of events whose delivery was pruned: its id, and until when the event is known. */
  const pruned = new Map<string, { readonly id: string; readonly until: number }>();
  let last = 0;

  const holderOf = (name: string, lane: string) => inLane(name, lane).find(({ parked }) => !parked);

  function inLane(name: string, lane: string): readonly Kept[] {
    return [...all.values()].filter(
      (kept) => kept.inLane && kept.delivery.name === name && kept.delivery.lane === lane,
    );
  }

  function leaveLane(kept: Kept): void {
    const { name, lane } = kept.delivery;
    if (!kept.inLane || lane === undefined) return;
    const held = !kept.parked;
    kept.inLane = false;
    kept.parked = false;
    const [next] = inLane(name, lane);
    if (held && next !== undefined) next.parked = false;
  }

  function enterLane(kept: Kept): void {
    const { name, lane } = kept.delivery;
    if (kept.inLane || lane === undefined) return;
    kept.parked = holderOf(name, lane) !== undefined;
    kept.inLane = true;
  }

  function storeOne({ name, owner, key, type, lane, headers, body, receivedAt }: Fresh) {
    const unique = uniqueOf({ name, key });
    const known = ids.get(unique) ?? pruned.get(unique)?.id;
    if (known !== undefined) return { id: known, isNew: false };
    last += 1;
    const id = String(last);
    const arrived = new Date(receivedAt);
    const summary = { id, name, owner, key, type, lane, state: 'waiting', attempts: 0, receivedAt: arrived } as const;
    const delivery: StoredDelivery = {
      ...summary,
      dueAt: arrived,
      finishedAt: undefined,
      error: undefined,
      headers: new Map(headers),
      // Not by slice, which for a Buffer is a view.
      body: new Uint8Array(body),
    };
    const kept: Kept = { delivery, parked: false, inLane: false, takes: 0, dueAt: now(), failingSince: undefined };
    enterLane(kept);
    ids.set(unique, id);
    all.set(id, kept);
    return { id, isNew: true };
  }

  function held({ id, token }: Lease): Kept | undefined {
    const kept = all.get(id);
    return kept?.delivery.state === 'working' && String(kept.takes) === token ? kept : undefined;
  }

  function settleOne(lease: Lease, ending: Ending): boolean {
    const kept = held(lease);
    if (kept === undefined) return false;
    const waits = ending.outcome === 'retried';
    const delayMs = waits ? ending.delayMs : 0;
    kept.dueAt = now() + delayMs;
    kept.delivery = {
      ...kept.delivery,
      state: waits ? 'waiting' : ending.outcome,
      dueAt: waits ? new Date(now() + delayMs) : undefined,
      finishedAt: waits ? undefined : new Date(now()),
      error: ending.outcome === 'handled' ? undefined : ending.error,
    };
    kept.failingSince ??= now();
    if (!waits || now() - kept.failingSince >= laneTimeoutMs) leaveLane(kept);
    return true;
  }

  function idle(id: string, wanted: DeliveryState | undefined): Kept | undefined {
    const kept = all.get(id);
    const state = kept?.delivery.state;
    return state === 'working' || (wanted !== undefined && state !== wanted) ? undefined : kept;
  }

  function remove(kept: Kept): void {
    leaveLane(kept);
    all.delete(kept.delivery.id);
    ids.delete(uniqueOf(kept.delivery));
  }

  return {
    lanes: true,
    open: () => undefined,
    store: (deliveries) => deliveries.map(storeOne),
    take(turns, limit) {
      const due = [...all.values()]
        .filter(({ delivery, parked, dueAt }) => delivery.state === 'waiting' && !parked && dueAt <= now())
        .sort((a, b) => a.dueAt - b.dueAt);
      return turns
        .flatMap(({ name, most }) => due.filter(({ delivery }) => delivery.name === name).slice(0, most))
        .slice(0, limit)
        .map((kept) => {
          kept.takes += 1;
          const { delivery } = kept;
          kept.delivery = { ...delivery, state: 'working', attempts: delivery.attempts + 1, dueAt: undefined };
          const { id, name, owner, receivedAt, headers, body } = delivery;
          const attempt = delivery.attempts + 1;
          const token = String(kept.takes);
          return { id, name, token, attempt, afterLoss: false, receivedAt, owner, headers, body };
        });
    },
    release(leases) {
      for (const lease of leases) {
        const kept = held(lease);
        if (kept === undefined) continue;
        const { delivery, dueAt } = kept;
        kept.delivery = { ...delivery, state: 'waiting', attempts: delivery.attempts - 1, dueAt: new Date(dueAt) };
      }
    },
    // The worker that could die is this process itself.
    keep: (leases) => leases.filter((lease) => held(lease) === undefined),
    settle: (endings) => endings.map(([lease, ending]) => settleOne(lease, ending)),
    complete() {
      throw invalid('complete() needs sqliteInbox or postgresInbox: memoryInbox has no database to share');
    },
    recover() {
      for (const kept of all.values()) {
        const { inLane, parked, failingSince = now(), delivery } = kept;
        if (inLane && !parked && delivery.state === 'waiting' && now() - failingSince >= laneTimeoutMs) leaveLane(kept);
      }
    },
    page(filter, from = '0', limit) {
      const deliveries = [...all.values()]
        .filter(({ delivery }) => Number(delivery.id) > Number(from) && fits(delivery, filter))
        .slice(0, limit)
        .map(({ delivery: { headers: _headers, body: _body, ...summary } }) => summary);
      return { deliveries, next: deliveries.length < limit ? undefined : deliveries.at(-1)?.id };
    },
    get(id) {
      const found = all.get(id)?.delivery;
      return found && { ...found, headers: new Map(found.headers), body: new Uint8Array(found.body) };
    },
    known: (name, keys) => keys.map((key) => ids.has(uniqueOf({ name, key })) || pruned.has(uniqueOf({ name, key }))),
    counts(name) {
      const counts = { waiting: 0, working: 0, handled: 0, dead: 0 };
      for (const { delivery } of all.values())
        if (name === undefined || delivery.name === name) counts[delivery.state] += 1;
      return counts;
    },
    replay: (which, state) =>
      which.filter((id) => {
        const kept = idle(id, state);
        if (kept === undefined) return false;
        enterLane(kept);
        kept.failingSince = undefined;
        kept.dueAt = now();
        kept.delivery = {
          ...kept.delivery,
          state: 'waiting',
          attempts: 0,
          dueAt: new Date(now()),
          finishedAt: undefined,
          error: undefined,
        };
        return true;
      }).length,
    discard: (which, state) =>
      which.filter((id) => {
        const kept = idle(id, state);
        if (kept !== undefined) remove(kept);
        return kept !== undefined;
      }).length,
    prune(handledBefore, limit) {
      const old = [...all.values()]
        .filter(({ delivery: { state, finishedAt } }) => state === 'handled' && Number(finishedAt) < handledBefore)
        .slice(0, limit);
      for (const kept of old) {
        remove(kept);
        const { id, finishedAt } = kept.delivery;
        if (retainKeysMs > 0) pruned.set(uniqueOf(kept.delivery), { id, until: Number(finishedAt) + retainKeysMs });
      }
      return old.length;
    },
    forget(limit) {
      const over = [...pruned].filter(([, { until }]) => until <= now()).slice(0, limit);
      for (const [unique] of over) pruned.delete(unique);
      return over.length;
    },
    close: () => undefined,
  };
}

/** Name and key as one text. */
function uniqueOf({ name, key }: { readonly name: string; readonly key: string }): string {
  return JSON.stringify([name, key]);
}

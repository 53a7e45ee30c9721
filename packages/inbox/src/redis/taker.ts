import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { delayAfterLoss } from '../backoff.ts';
import type { Lease, Turn } from '../engine.ts';
import type { Settings } from '../options.ts';
import type { BullmqBackend } from './bullmq.ts';
import type { Link } from './client.ts';
import { contentOf, failureFields, queueOf, workerLost } from './jobs.ts';
import type { Keys } from './keys.ts';
import type { NamedQueue, Queues } from './queues.ts';
import type { Shelf } from './shelf.ts';

/** Makes the function that leases deliveries of receivers. */
export function createTaker(
  link: Link,
  queues: Queues,
  shelf: Shelf,
  keys: Keys,
  settings: Settings,
): (turns: readonly Turn[], limit: number) => Promise<readonly Lease[]> {
  /** One more that is due, if there is one. */
  async function takeOne(queue: NamedQueue): Promise<Lease | undefined> {
    const { backend } = queue;
    const token = `${hostname()} ${process.pid} ${randomUUID()}`;
    // The name of the worker is what tells later whether a recorded failure was this lease's.
    const taking: { answer?: Promise<readonly unknown[]> } = {};
    try {
      const [job, id] = await link.ask(() => (taking.answer = backend.moveToActive(token, token)));
      return job ? await leaseOf(queue, String(id), token, Object(job)) : undefined;
    } catch (error) {
      giveBack(backend, token, taking.answer);
      throw error;
    }
  }

  /** ioredis asks again when the connection is back: what it takes then, nobody waits for. */
  function giveBack(backend: BullmqBackend, token: string, late: Promise<readonly unknown[]> | undefined): void {
    late
      ?.then(([job, id]) => (job ? backend.moveJobFromActiveToWait(String(id), token) : undefined))
      // Then it comes back when the lease is over.
      .catch(() => undefined);
  }

  async function leaseOf(
    { name, backend, job }: NamedQueue,
    id: string,
    token: string,
    taken: Record<string, unknown>,
  ) {
    const content = contentOf(taken['data']);
    if (content !== undefined) {
      const queue = queueOf(name);
      const place = { id: `${queue}:${id}`, queue, job: id };
      const attempt = Number(taken['attemptsStarted']);
      const [[row], [known]] = await Promise.all([
        attempt > 1 ? shelf.read([place]) : [],
        link.commands([['exists', keys.known(place)]]),
      ]);
      if (known === 1) {
        // Its event was handled, and pruned while this copy came: it goes, and lists pass over it.
        await link.ask(() => backend.moveToCompleted(job(id), null, true, token, false));
        return undefined;
      }
      if (row?.lost && (await waitsAfterLoss(backend, id, token, attempt - 1))) return undefined;
      const afterLoss = row?.lost === true || row?.summary.error?.code === 'worker_lost';
      return { id: place.id, name, token, attempt, afterLoss, ...content };
    }
    const why = 'The inbox did not store this job.';
    await link.ask(() => backend.moveToFailed(job(id), why, false, token, false, { ats: 0 }));
    return undefined;
  }

  /** BullMQ gives back at once what a worker took with it; says whether it has to wait now. */
  async function waitsAfterLoss(backend: BullmqBackend, id: string, token: string, lost: number): Promise<boolean> {
    const delayMs = delayAfterLoss(lost, settings);
    if (delayMs === 0) return false;
    const fields = { ...failureFields(workerLost, token, lost), ats: String(lost) };
    await link.ask(() => backend.moveToDelayed(id, Date.now(), delayMs, token, { fieldsToUpdate: fields }));
    return true;
  }

  return async (turns, limit) => {
    const leases: Lease[] = [];
    const troubles: unknown[] = [];
    let open = await Promise.all(turns.map(async (turn) => ({ ...turn, queue: await queues.of(turn.name) })));
    // First one of each, because most looks find nothing.
    for (let round = 0; open.length > 0 && leases.length < limit; round += 1) {
      const asked = open
        .flatMap((one) => Array.from({ length: round === 0 ? 1 : one.most - 1 }, () => one))
        .slice(0, limit - leases.length);
      const results = await Promise.allSettled(asked.map(({ queue }) => takeOne(queue)));
      const empty = new Set<string>();
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled' && result.value !== undefined) leases.push(result.value);
        else empty.add(asked[index]?.name ?? '');
        if (result.status === 'rejected') troubles.push(result.reason);
      }
      open = round > 0 ? [] : open.filter(({ name }) => !empty.has(name));
    }
    // What was taken has to be worked on; the next look will tell of the trouble.
    if (leases.length === 0 && troubles.length > 0) throw troubles[0];
    return leases;
  };
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { delayAfterLoss } from '../backoff.ts';
import type { Engine, Lease, Turn } from '../engine.ts';
import type { Settings } from '../options.ts';
import { type Link, listIn, orThrow } from './client.ts';
import { contentOf, failureFields, type Place, queueOf, type Row, rowFields, rowOf, workerLost } from './jobs.ts';
import type { Keys } from './keys.ts';
import type { Queues } from './queues.ts';
import { type Step, stepOf } from './recorder.ts';
import { createReleaser, type Unbegun } from './releasing.ts';
import { asFunction, partFunction, scriptAround } from './scripts.ts';

/**
 * Has BullMQ move jobs, turn by turn. An error ends a turn, and is told only where nothing was taken: what was taken has to
 * be worked on.
 */
const takeScript = scriptAround(
  (move) => `
${asFunction('move', move)}
${partFunction}
local taken, trouble = {}, nil
local limit, turns = tonumber(ARGV[1]), tonumber(ARGV[2])
local keys, args = #KEYS / turns, (#ARGV - 2) / turns
for turn = 0, turns - 1 do
  local at = 2 + turn * args
  local room = math.min(tonumber(ARGV[at + 1]), limit - #taken)
  while room > 0 do
    local moved, job = pcall(move, part(KEYS, turn * keys, keys), part(ARGV, at + 1, args - 1))
    if not moved then trouble = job end
    if not moved or type(job[1]) ~= 'table' then break end
    taken[#taken + 1] = { turn, job[2], job[1] }
    room = room - 1
  end
end
if #taken == 0 and trouble then
  return type(trouble) == 'table' and trouble or { err = tostring(trouble) }
end
return taken`,
);

/** Makes what leases deliveries of receivers, and gives back those whose attempt has not begun. */
export function createTaker(
  link: Link,
  queues: Queues,
  keys: Keys,
  settings: Settings,
): Required<Pick<Engine, 'take' | 'release'>> {
  const worker = `${hostname()} ${process.pid}`;
  const release = createReleaser(link, queues, keys);
  const unbegun = new WeakMap<Lease, Unbegun>();

  async function take(turns: readonly Turn[], limit: number, token: string): Promise<readonly Taken[]> {
    // The name of the worker is what tells later whether a recorded failure was this lease's.
    const steps = await Promise.all(turns.map(({ name }) => stepOf(queues.of(name).moveToActive(token, token))));
    const taken = await link.runPatiently(
      takeScript(steps[0]?.script ?? ''),
      steps.flatMap((step) => step.keys),
      [limit, turns.length, ...turns.flatMap(({ most }, turn) => [most, ...(steps[turn]?.args ?? [])])],
      // ioredis asks again when the connection is back: what it takes then, nobody waits for.
      // Where it cannot be given back, it comes back when the lease is over.
      (late) =>
        release(takenIn(late, turns).map((one) => unbegunOf(one, activeRow(one), token))).catch(() => undefined),
    );
    return takenIn(taken, turns);
  }

  /** The lease of a job, or the step that is taken with it instead. */
  function leaseOf({ name, place, fields }: Taken, row: Row | undefined, token: string): Lease | Promise<Step> {
    const queue = queues.of(name);
    const job = { id: place.job, opts: { attempts: 0 } };
    const content = contentOf(fields.get('data'));
    if (content === undefined) {
      const why = 'The inbox did not store this job.';
      return stepOf(queue.moveToFailed(job, why, false, token, false, { ats: 0 }));
    }
    const attempt = Number(fields.get('ats'));
    // BullMQ gives back at once what a worker took with it.
    const delayMs = row?.lost === true ? delayAfterLoss(attempt - 1, settings) : 0;
    if (delayMs > 0) {
      const fieldsToUpdate = { ...failureFields(workerLost, token, attempt - 1), ats: String(attempt - 1) };
      return stepOf(queue.moveToDelayed(place.job, Date.now(), delayMs, token, { fieldsToUpdate }));
    }
    const afterLoss = row?.lost === true || row?.summary.error?.code === 'worker_lost';
    const { owner, headers, body, receivedAt } = content;
    return { id: place.id, name, token, attempt, afterLoss, receivedAt, owner, headers, body };
  }

  async function lease(turns: readonly Turn[], limit: number): Promise<readonly Lease[]> {
    const token = `${worker} ${randomUUID()}`;
    const leases: Lease[] = [];
    const steps: Promise<Step>[] = [];
    for (const taken of await take(turns, limit, token)) {
      const row = activeRow(taken);
      const lease = leaseOf(taken, row, token);
      if (lease instanceof Promise) {
        steps.push(lease);
        continue;
      }
      unbegun.set(lease, unbegunOf(taken, row, token));
      leases.push(lease);
    }
    for (const reply of await link.steps(await Promise.all(steps))) orThrow(reply);
    return leases;
  }

  return {
    take: lease,
    release: (leases) => release(leases.flatMap((one) => unbegun.get(one) ?? [])),
  };
}

/** A job as it was before it was taken: the worker of an attempt that ended with it is to be missed again. */
function unbegunOf({ name, place }: Taken, row: Row | undefined, token: string): Unbegun {
  return { name, place, token, before: row?.lost === true ? undefined : row?.failedUnder };
}

function activeRow({ place, fields }: Taken): Row | undefined {
  const values = rowFields.map((field) => fields.get(field) ?? null);
  return rowOf(place, values, null, true);
}

/** A job that was taken, with its fields. */
interface Taken {
  readonly name: string;
  readonly place: Place;
  readonly fields: ReadonlyMap<unknown, unknown>;
}

function takenIn(reply: unknown, turns: readonly Turn[]): readonly Taken[] {
  return listIn(reply).map((one) => {
    const [turn, id, flat] = listIn(one);
    const { name = '' } = turns[Number(turn)] ?? {};
    const [queue, job] = [queueOf(name), String(id)];
    const fields = new Map<unknown, unknown>();
    const values = listIn(flat);
    for (let index = 0; index < values.length; index += 2) fields.set(values[index], values[index + 1]);
    return { name, place: { id: `${queue}:${job}`, queue, job }, fields };
  });
}

import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import type { LoggedDelivery, ReconcileCursor, ReconciledPage } from '@hookproof/endpoints';
import * as z from 'zod';
import { usage } from '../failure.ts';
import { printable } from '../terminal.ts';

/** What a run is about: one of another provider, receiver or owner cannot go on with it. */
export interface Run {
  readonly provider: string;
  readonly receiver: string;
  readonly owner: string | undefined;
}

/** How far a run came with the log of one endpoint. */
interface Reached {
  /** The page that comes next; undefined after the last. */
  readonly page: number | undefined;
  readonly counts: Counts;
  /** What was missing then. */
  readonly missing: ReadonlyMap<string, LoggedDelivery>;
}

/** Deliveries that were compared. */
export type Counts = Readonly<Record<(typeof counted)[number], number>>;

const counted = ['compared', 'present', 'ignored', 'pending', 'recovered'] as const;

/** Nothing yet. */
export const none: Counts = { compared: 0, present: 0, ignored: 0, pending: 0, recovered: 0 };

/** Two sums as one. */
export function plus(one: Counts, { recovered, ...page }: Omit<ReconciledPage, 'cursor' | 'missing'>): Counts {
  const more: Counts = { ...page, recovered: recovered.length };
  return { ...none, ...Object.fromEntries(counted.map((name) => [name, one[name] + more[name]])) };
}

/** Progress of a run in a file, a line of JSON for each page, so that a run that is ended at any moment can go on. */
export interface Checkpoint {
  /** The window of the run that is gone on with; undefined where one begins. */
  readonly window: Pick<ReconcileCursor, 'since' | 'until'> | undefined;
  readonly reached: (endpoint: string) => Reached;
  /** Notes the beginning of a run. */
  readonly begin: (window: Pick<ReconcileCursor, 'since' | 'until'>) => Promise<void>;
  /** Notes a page; `again` are ids of what was missing before and was looked for again. */
  readonly note: (endpoint: string, page: ReconciledPage, again?: readonly string[]) => Promise<void>;
  /** Notes that the log of an endpoint was read to its end. */
  readonly finish: (endpoint: string) => Promise<void>;
  /** Takes the file away: the run is over. */
  readonly remove: () => Promise<void>;
}

const text = z.string().optional();
const Delivery = z.looseObject({
  ...{ id: z.string(), eventId: text, type: z.string(), createdAt: z.string(), status: z.string() },
  ...{ attempts: z.number().optional(), isPending: z.boolean(), outcome: text },
});
const Begin = z.object({
  hookproof: z.literal('reconcile'),
  ...{ provider: z.string(), receiver: z.string(), owner: text, since: z.string(), until: z.string() },
});
const Line = z.object({
  endpoint: z.string(),
  page: z.number().nullable(),
  counts: z.object({
    ...{ compared: z.number(), present: z.number(), ignored: z.number(), pending: z.number(), recovered: z.number() },
  }),
  missing: z.array(Delivery),
  again: z.array(z.string()),
});
type Line = z.output<typeof Line>;

/** A run without a file. */
export const noCheckpoint: Checkpoint = {
  window: undefined,
  reached: () => start,
  ...{ begin: nothing, note: nothing, finish: nothing, remove: nothing },
};

async function nothing(): Promise<void> {}

const start: Reached = { page: 1, counts: none, missing: new Map() };

/** Reads the progress in a file, which need not be there; throws a usage error where it is of another run, or of none. */
export async function openCheckpoint(path: string, run: Run): Promise<Checkpoint> {
  const found = await readFile(path, 'utf8').catch((error: unknown) => {
    if (Reflect.get(Object(error), 'code') === 'ENOENT') return undefined;
    throw usage(`${printable(path)} could not be read (${String(Reflect.get(Object(error), 'code'))}).`);
  });
  // A line that a kill has cut off was not noted.
  const whole = found?.slice(0, found.lastIndexOf('\n') + 1) ?? '';
  const [first, ...lines] = whole.split('\n').filter((line) => line !== '');
  const window = first === undefined ? undefined : windowIn(first, path, run);
  if (found && window === undefined) throw ofNoRun(path);
  if (found !== undefined && whole !== found) await truncate(path, Buffer.byteLength(whole));
  const all = new Map<string, Reached>();
  for (const line of lines) {
    const { success, data } = Line.safeParse(parsed(line));
    if (!success) throw ofNoRun(path);
    all.set(data.endpoint, after(all.get(data.endpoint) ?? start, data));
  }
  const append = (line: object) => appendFile(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  return {
    window,
    reached: (endpoint) => all.get(endpoint) ?? start,
    async begin({ since, until }) {
      await writeFile(path, `${JSON.stringify({ hookproof: 'reconcile', ...run, since, until })}\n`, { mode: 0o600 });
    },
    note: (endpoint, { missing, cursor, ...page }, again) =>
      append({
        endpoint,
        page: again === undefined ? cursor.page : (all.get(endpoint)?.page ?? null),
        counts: plus(none, page),
        missing,
        again: again ?? [],
      }),
    finish: (endpoint) => append({ endpoint, page: null, counts: none, missing: [], again: [] }),
    remove: () => rm(path, { force: true }),
  };
}

/** How far it came with one line more. */
function after({ counts, missing }: Reached, line: Line): Reached {
  const left = new Map(missing);
  for (const id of line.again) left.delete(id);
  for (const { id, eventId, type, createdAt, status, attempts, isPending, outcome } of line.missing) {
    left.set(id, { id, eventId, type, createdAt, status, attempts, isPending, outcome });
  }
  const lookedForAgain = line.again.length;
  const sum = Object.fromEntries(counted.map((name) => [name, counts[name] + line.counts[name]]));
  const all: Counts = { ...none, ...sum };
  return {
    page: line.page ?? undefined,
    // They were compared before.
    counts: { ...all, compared: all.compared - lookedForAgain },
    missing: left,
  };
}

function windowIn(line: string, path: string, run: Run): Pick<ReconcileCursor, 'since' | 'until'> {
  const { success, data } = Begin.safeParse(parsed(line));
  if (!success) throw ofNoRun(path);
  const { provider, receiver, owner, since, until } = data;
  if (provider !== run.provider || receiver !== run.receiver || owner !== run.owner) {
    throw usage(
      `${printable(path)} is the checkpoint of another run: of ${printable(provider)} and the receiver ${printable(receiver)}.`,
      'Give another path, or delete it.',
    );
  }
  return { since, until };
}

function ofNoRun(path: string) {
  return usage(`${printable(path)} is not a checkpoint of hookproof reconcile.`, 'Give another path.');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

import { readFileSync } from 'node:fs';

/** One run of a handler, as its process noted it. */
interface Run {
  readonly server: string;
  readonly attempt: number;
  ended: boolean;
  /** What `onOutcome` was told: the outcome, and the error's code. */
  report: readonly [outcome: string, code: string] | undefined;
  /** Whether the server was killed before the next run of the same event began. */
  killed: boolean;
}

/** What is wrong, each in one line, and how much there was of what. */
export interface Verdict {
  readonly handled: number;
  /** Events that were handled to the end more than once. */
  readonly handledAgain: number;
  /** Second runs after a kill in the middle of the first. */
  readonly afterKill: number;
  /** Second runs after the first was reported as failed, such as `lease_lost`. */
  readonly afterReport: number;
  readonly lost: number;
  readonly violations: readonly string[];
}

/** Whether each server that lives has told what became of every run: one whose store was away tells it late. */
export function isTold(journal: string): boolean {
  const { runs, killed } = read(journal);
  return [...runs.values()].flat().every(({ server, report }) => report !== undefined || killed.has(server));
}

/** All runs by event, and the servers that were killed. */
function read(journal: string): {
  readonly runs: ReadonlyMap<string, readonly Run[]>;
  readonly killed: ReadonlySet<string>;
} {
  const runs = new Map<string, Run[]>();
  const killed = new Set<string>();
  for (const line of readFileSync(journal, 'utf8').split('\n')) {
    const [what, server = '', id = '', attempt, outcome = '', code = ''] = line.split(' ');
    if (what === 'killed') killed.add(server);
    const known = runs.get(id) ?? [];
    const run = known.findLast((one) => one.server === server && one.attempt === Number(attempt));
    if (what === 'start') {
      const last = known.at(-1);
      if (last !== undefined) last.killed = killed.has(last.server);
      known.push({ server, attempt: Number(attempt), ended: false, report: undefined, killed: false });
      runs.set(id, known);
    }
    if (what === 'end' && run !== undefined) run.ended = true;
    if (what === 'report' && run !== undefined) run.report = [outcome, code];
  }
  return { runs, killed };
}

/**
 * Compares what handlers noted with what was answered: whatever was answered with 2xx was handled, and a second run has
 * a reason that the operator can see.
 *
 * @param reported whether a reported failure is such a reason, besides a kill in the middle of the run
 */
export function judge(journal: string, answered: ReadonlySet<string>, reported: boolean): Verdict {
  const { runs } = read(journal);
  const violations: string[] = [];
  const isHandled = (id: string) => runs.get(id)?.some(({ ended }) => ended) === true;
  const lost = [...answered].filter((id) => !isHandled(id));
  for (const id of lost) violations.push(`${id} was answered with 2xx and never handled`);
  let afterKill = 0;
  let afterReport = 0;
  for (const [id, all] of runs) {
    // By attempt, which is counted with the lease: a process that is paused between its lease and its handler's first line
    // begins late, and no lease can prevent that. Then its own report has to say that the lease was lost.
    const inOrder = all.toSorted((a, b) => a.attempt - b.attempt);
    for (const [index, run] of inOrder.entries()) {
      const before = inOrder[index - 1];
      if (before === undefined) continue;
      const inFlight = before.killed && before.report?.[0] !== 'handled';
      const told = before.report?.[0] === 'retried';
      if (inFlight) afterKill += 1;
      else if (told) afterReport += 1;
      if (run.attempt <= before.attempt) violations.push(`${id} ran again as attempt ${run.attempt}`);
      if (!inFlight && !(told && reported)) violations.push(`${id} ran again without a reason: ${JSON.stringify(all)}`);
    }
  }
  return {
    handled: [...runs.keys()].filter(isHandled).length,
    handledAgain: [...runs.values()].filter((all) => all.filter(({ ended }) => ended).length > 1).length,
    afterKill,
    afterReport,
    lost: lost.length,
    violations,
  };
}

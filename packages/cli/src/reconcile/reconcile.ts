import type { Inbox } from '@hookproof/core';
import {
  type DeliveryLog,
  EndpointError,
  type LoggedDelivery,
  type ReconcileOptions,
  reconcile,
} from '@hookproof/endpoints';
import { type EndpointProvider, failureIn } from '../endpoints/failures.ts';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import type { Report } from '../terminal.ts';
import { type Checkpoint, noCheckpoint, none, openCheckpoint, plus } from './checkpoint.ts';
import { progressOn, tellDelivery, tellSum } from './tell.ts';

/** What a run is told by its options. */
export interface RunOptions {
  readonly name?: string | undefined;
  readonly owner?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly types?: readonly string[] | undefined;
  readonly resend?: true | undefined;
  readonly checkpoint?: string | undefined;
}

/** The log of one endpoint; of a provider that has one log for all there is no endpoint. */
export interface EndpointLog {
  readonly endpoint: string | undefined;
  readonly log: DeliveryLog;
}

/** What can be done about what is missing, for each provider. */
const remedies: Readonly<Record<EndpointProvider, string>> = {
  grantex:
    'Grantex cannot send again. What they told is in its API: look at the grants, tokens and audit log themselves.',
  grantiva: 'Nothing was changed: --resend has Grantiva send them again.',
  gravv: 'Nothing was changed: --resend has Gravv send them again, --backfill takes them in from its log.',
};

/** Compares logs with an inbox, tells what is missing, and keeps its progress. */
export async function runReconcile(
  provider: EndpointProvider,
  logs: readonly EndpointLog[],
  inbox: Inbox,
  options: RunOptions & Pick<ReconcileOptions, 'backfill'>,
  report: Report,
): Promise<ExitCode> {
  const { name = provider, owner, types, resend, backfill, checkpoint: path } = options;
  const { signal } = report.terminal;
  const run = { provider, receiver: name, owner };
  const checkpoint = path === undefined ? noCheckpoint : await openCheckpoint(path, run);
  const window = await windowOf(checkpoint, options, report);
  const progress = progressOn(report);
  const given = { inbox, receiverName: name, owner, types, resend, backfill, signal };
  let counts = none;
  let missing = 0;

  async function compare({ endpoint, log }: EndpointLog, from: number, noted: string, again?: readonly string[]) {
    for await (const page of reconcile({ ...given, log, from: { ...window, page: from } })) {
      progress.clear();
      for (const delivery of page.recovered) await tellDelivery(report, 'recovered', endpoint, delivery);
      for (const delivery of page.missing) await tellDelivery(report, 'missing', endpoint, delivery);
      counts = plus(counts, page);
      missing += page.missing.length;
      await checkpoint.note(noted, page, again);
      progress.show(counts.compared, missing);
    }
  }

  try {
    for (const one of logs) {
      const noted = one.endpoint ?? '';
      const reached = checkpoint.reached(noted);
      const before = [...reached.missing.values()];
      counts = plus(counts, { ...reached.counts, compared: reached.counts.compared - before.length, recovered: [] });
      counts = { ...counts, recovered: counts.recovered + reached.counts.recovered };
      // What was missing when the run was ended may have come.
      for (let start = 0; start < before.length; start += 100) {
        const some = before.slice(start, start + 100);
        const again = some.map(({ id }) => id);
        await compare({ ...one, log: { ...one.log, pages: () => pageOf(some) } }, 1, noted, again);
      }
      if (reached.page === undefined) continue;
      await compare(one, reached.page, noted);
      await checkpoint.finish(noted);
    }
  } catch (error) {
    // Whoever has the inbox would take it for an error of the store.
    throw error instanceof EndpointError ? failureIn(provider, error) : error;
  } finally {
    progress.clear();
    await tellSum(report, window, counts, missing);
    if (signal.aborted) {
      const how = path === undefined ? 'With --checkpoint <path> it could go on from here' : 'The same command goes on';
      await report.note(`Stopped before the end of the log. ${how}.`);
    }
  }
  await checkpoint.remove();
  const changes = resend === true || backfill !== undefined;
  if (missing > 0 && !changes) await report.note(remedies[provider]);
  if (missing > 0 && counts.present === 0) {
    await report.note(
      `Nothing at all is there: is the receiver called ${name} (--name), and has it an owner (--owner)?`,
    );
  }
  return missing > 0 ? exitCode.no : exitCode.ok;
}

async function* pageOf(deliveries: readonly LoggedDelivery[]) {
  yield { page: 1, deliveries };
}

/** The window of the run that is gone on with, or that of the options. */
async function windowOf(checkpoint: Checkpoint, { since, until }: RunOptions, report: Report) {
  if (checkpoint.window !== undefined) {
    const { window } = checkpoint;
    await report.note(`Going on with the run from ${window.since} to ${window.until}, as the checkpoint has it.`);
    return window;
  }
  const end = until ?? new Date(Date.now() - 60_000);
  const begin = since ?? new Date(end.getTime() - 24 * 60 * 60_000);
  if (begin >= end) throw usage('--since is not before --until.', 'Give an earlier time as --since.');
  const window = { since: begin.toISOString(), until: end.toISOString() };
  await checkpoint.begin(window);
  return window;
}

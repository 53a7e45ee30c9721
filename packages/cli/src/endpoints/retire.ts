import type { GrantexEndpoint, GrantexEndpoints, GrantexReplaced } from '@hookproof/endpoints';
import { checkTerminal, confirmed } from '../confirm.ts';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { whole } from '../options.ts';
import { printable, type Report } from '../terminal.ts';
import { failureIn } from './failures.ts';

/** The option that says how long to wait for what is queued for an endpoint. */
export const waitOption = [
  '--wait <minutes>',
  'how long to wait at most for what is queued for the endpoint that goes',
  whole(0, 1_440),
  15,
] as const;

/** How an endpoint is deleted. */
export interface Deletion {
  readonly wait: number;
  readonly now?: true | undefined;
  readonly yes?: true | undefined;
}

/** Deletes an endpoint of Grantex, after asking, and once what is queued for it is delivered. */
export async function retireEndpoint(
  client: GrantexEndpoints,
  id: string,
  { wait, now, yes }: Deletion,
  report: Report,
): Promise<ExitCode> {
  const call = { signal: report.terminal.signal };
  if (!yes) checkTerminal(report);
  const pending = await pendingOf(client, id, call);
  const what = pending === 0 ? undefined : `${countOf(pending)} pending for it`;
  const becomes = now ? 'and will be lost.' : `and waited for first, ${wait} min at most.`;
  const question = [`Delete endpoint ${printable(id)}?`, ...(what === undefined ? [] : [`${what}, ${becomes}`])];
  if (!yes && !(await confirmed(question.join(' '), report))) return exitCode.no;
  if (now) {
    await client.delete(id, call);
    if (what !== undefined) await report.note(`${countOf(pending)} lost with it.`);
    return tellDeleted(id, report);
  }
  const retired = await client.retire(id, { waitMs: wait * 60_000, onPending: tellPending(report) }, call);
  return retired.deleted ? tellDeleted(id, report) : tellKept(id, wait, retired.pending, report);
}

/** Says how many deliveries are still waited for, whenever that has changed. */
export function tellPending(report: Report): (pending: number) => Promise<void> {
  let told = 0;
  return async (pending) => {
    if (pending === told) return;
    told = pending;
    await report.note(pending === 0 ? 'All delivered, or given up.' : `${countOf(pending)} still pending …`);
  };
}

/** Says what became of the endpoint that another has replaced. */
export async function tellReplaced(
  { previous: { id }, kept, pending, deleteError }: GrantexReplaced,
  wait: number,
  report: Report,
): Promise<ExitCode> {
  if (kept === undefined) return tellDeleted(id, report);
  if (kept === 'pending') return tellKept(id, wait, pending, report);
  const { message, fix = '' } = failureIn('grantex', deleteError);
  await report.note(`The former endpoint is still there: ${message} ${fix}`.trimEnd());
  await report.note(`Delete it: ${commandFor(id)}`);
  await report.record({ action: 'kept', id });
  return exitCode.failed;
}

/** Says which other endpoints have the URL. */
export async function tellOthers(others: readonly GrantexEndpoint[], report: Report): Promise<void> {
  for (const { id, events } of others) {
    await report.note(`Another endpoint has this URL: ${id} (${events.join(', ')}). Not needed? ${commandFor(id)}`);
  }
}

/** The command that deletes an endpoint. */
export function commandFor(id: string): string {
  return `hookproof endpoints grantex delete ${id}`;
}

async function tellDeleted(id: string, report: Report): Promise<ExitCode> {
  await report.say(`Deleted ${printable(id)}.`);
  await report.record({ action: 'deleted', id });
  return exitCode.ok;
}

async function tellKept(id: string, wait: number, pending: number, report: Report): Promise<ExitCode> {
  await report.note(`${id} is still there: after ${wait} min, ${countOf(pending)} still pending for it.`);
  await report.note(`Delete it later: ${commandFor(id)}`);
  await report.record({ action: 'kept', id, pending });
  return exitCode.no;
}

/** How many deliveries are pending for an endpoint, as its first page says. */
async function pendingOf(
  client: GrantexEndpoints,
  id: string,
  call: { readonly signal: AbortSignal },
): Promise<number> {
  for await (const { total } of client.deliveries(id, { status: 'pending' }, call).pages()) return total;
  return 0;
}

function countOf(deliveries: number): string {
  return deliveries === 1 ? '1 delivery is' : `${deliveries} deliveries are`;
}

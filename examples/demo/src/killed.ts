import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Outcome, OutcomeReport } from '@hookproof/core';
import { openDatabase, sqliteInbox } from '@hookproof/inbox/sqlite';
import { type SignedDelivery, signedDelivery } from '@hookproof/testing';
import { replyProblems, send } from './deliver.ts';
import type { Played } from './demo.ts';
import type { Told } from './ledger-server.ts';
import type { DeliveryLog } from './log.ts';
import { providers, secrets } from './mounts.ts';
import type { Expected } from './scenes.ts';

const references = ['order-1', 'order-2', 'order-3', 'order-4', 'order-5', 'order-6'];
const type = 'transfer.status.completed';

/** A process that does not get so far in this time never will, in milliseconds. */
const patienceMs = 10_000;

/** Stores deliveries in an inbox, kills the process that handles them (SIGKILL), starts it again, and counts. */
export async function killedAndRestarted(log: DeliveryLog, signal: AbortSignal): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'hookproof-demo-'));
  const path = join(folder, 'ledger.db');
  const problems: string[] = [];
  const outcomes: Outcome[] = [];
  let sent = 0;
  let asExpected = 0;
  let server: LedgerServer | undefined;

  async function deliver(origin: string, delivery: SignedDelivery, expected: Pick<Expected, 'status' | 'outcome'>) {
    sent += 1;
    const { status, body } = await send(`${origin}/webhooks/gravv`, delivery);
    const found = replyProblems(status, body, expected);
    if (found.length > 0) return void problems.push(...found.map((problem) => `inbox: ${problem}`));
    asExpected += 1;
    outcomes.push(expected.outcome);
  }

  function expectEqual(what: string, found: unknown, expected: unknown): void {
    if (isDeepStrictEqual(found, expected)) return;
    problems.push(`inbox: ${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  }

  try {
    log.section('The inbox: six transfers are stored, and the process is killed while it handles the third');
    const deliveries = await Promise.all(references.map(transfer));
    server = await startServer(path, log, signal, 'order-3');
    for (const delivery of deliveries) await deliver(server.origin, delivery, { status: 202, outcome: 'stored' });
    await server.until(({ hangs }) => hangs);
    await server.kill();
    const before = await inFile(path);
    expectEqual('in the file after SIGKILL', before.counts, { waiting: 3, working: 1, handled: 2, dead: 0 });
    log.note(`SIGKILL: ${told(before)}`);

    server = await startServer(path, log, signal);
    const [first] = deliveries;
    if (first !== undefined) await deliver(server.origin, first, { status: 200, outcome: 'duplicate' });
    await server.until(({ reports }) => reports.filter(({ stage }) => stage === 'work').length === 4);
    const attempts = server.seen.reports.filter(({ stage }) => stage === 'work').map(({ attempt }) => attempt);
    await server.kill();
    const after = await inFile(path);
    expectEqual('in the file in the end', after.counts, { waiting: 0, working: 0, handled: 6, dead: 0 });
    expectEqual('entries in the ledger', after.ledger.toSorted(), references);
    expectEqual('attempts after the restart', attempts.toSorted(), [1, 1, 1, 2]);
    log.note(`Started again: ${told(after)}; the one that was being worked on took a second attempt`);
  } catch (error) {
    // What is interrupted is not wrong.
    if (!signal.aborted) problems.push(`inbox: ${error}`);
  } finally {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
  return { sent, asExpected, outcomes, problems };
}

function transfer(reference: string): Promise<SignedDelivery> {
  const data = { amount: '1250.50', client_reference: reference, source: {}, destination: {}, client_metadata: null };
  return signedDelivery(providers.gravv, { type, data }, { secret: secrets.gravv });
}

interface InFile {
  readonly counts: object;
  readonly ledger: readonly string[];
}

/** What a file holds that no process has open any more. */
async function inFile(path: string): Promise<InFile> {
  const database = openDatabase(path);
  const inbox = sqliteInbox({ database, work: false });
  const counts = await inbox.counts();
  const ledger = database.prepare('SELECT reference FROM ledger').all();
  await inbox.close();
  database.close();
  return { counts, ledger: ledger.map((row) => String(Reflect.get(Object(row), 'reference'))) };
}

function told({ counts, ledger }: InFile): string {
  const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
  return `${states.join(', ')}; ${ledger.length} entries in the ledger`;
}

/** What a server has told so far. */
interface Seen {
  readonly reports: OutcomeReport[];
  origin: string | undefined;
  hangs: boolean;
}

interface LedgerServer {
  readonly origin: string;
  readonly seen: Seen;
  /** Resolves when the server has told enough; rejects where it ends before, or takes too long. */
  readonly until: (enough: (seen: Seen) => boolean) => Promise<void>;
  readonly kill: () => Promise<void>;
}

async function startServer(
  path: string,
  log: DeliveryLog,
  signal: AbortSignal,
  hangsAt?: string,
): Promise<LedgerServer> {
  const program = fileURLToPath(new URL('ledger-server.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@hookproof/source', '--import', 'tsx', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...process.env, DATABASE: path, SECRET: secrets.gravv, ...(hangsAt !== undefined && { HANGS_AT: hangsAt }) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Ctrl-C is for the demo, which ends the child itself.
    detached: true,
    serialization: 'advanced',
  });
  const seen: Seen = { reports: [], origin: undefined, hangs: false };
  child.on('message', (message) => {
    const heard = message as Told;
    if ('origin' in heard) seen.origin = heard.origin;
    else if ('hangs' in heard) seen.hangs = true;
    else {
      seen.reports.push(heard.report);
      log.delivery(heard.report);
    }
  });

  async function until(enough: (seen: Seen) => boolean): Promise<void> {
    const end = performance.now() + patienceMs;
    while (!enough(seen)) {
      signal.throwIfAborted();
      if (hasEnded(child)) throw new Error('the process ended by itself');
      if (performance.now() > end) throw new Error(`nothing happened for ${patienceMs} ms`);
      await pause(10);
    }
  }

  async function kill(): Promise<void> {
    if (hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  try {
    await until(({ origin }) => origin !== undefined);
  } catch (error) {
    await kill();
    throw error;
  }
  return { origin: seen.origin ?? '', seen, until, kill };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

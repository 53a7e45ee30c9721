import type { Inbox } from '@hookproof/core';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { interruption } from '../shell.ts';
import type { Report } from '../terminal.ts';
import type { Access, OpenInbox } from './engine.ts';
import { openPostgres } from './postgres.ts';
import { openRedis } from './redis.ts';
import { openSqlite } from './sqlite.ts';
import { type Places, type Store, storeOf } from './store.ts';
import { troubleWith } from './trouble.ts';

const openers: Readonly<Record<Store['engine'], (store: Store, places: Places, access: Access) => Promise<OpenInbox>>> =
  { sqlite: openSqlite, postgres: openPostgres, redis: openRedis };

/** Opens the store, which must be there, does something with its inbox, and closes it. Nothing is handled here. */
export async function withInbox(
  given: string | undefined,
  places: Places,
  access: Access,
  report: Report,
  work: (inbox: Inbox) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { signal } = report.terminal;
  const store = await storeOf(given, places, report);
  const { inbox, close } = await openers[store.engine](store, places, access).catch((error: unknown) => {
    throw troubleWith(store, error);
  });
  // Long work goes in steps, and ends with the one that was begun when the inbox closes.
  const stop = () => void inbox.close().catch(() => undefined);
  signal.addEventListener('abort', stop);
  try {
    return signal.aborted ? stopped(report) : await work(inbox);
  } catch (error) {
    if (!signal.aborted) throw troubleWith(store, error);
    if (access === 'change')
      await report.note('Stopped. What was done until then stays done: hookproof inbox counts says how it stands.');
    return stopped(report);
  } finally {
    signal.removeEventListener('abort', stop);
    // What was done is done, and why it failed was said.
    await close().catch(() => undefined);
  }
}

/** The exit code of what was stopped; where nobody reads the result any more, what was shown was right. */
function stopped({ terminal }: Report): ExitCode {
  return interruption(terminal) ?? exitCode.ok;
}

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createReceiver, type HandlerContext, type OutcomeReport, standardWebhooks } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { describe, expect, it } from 'vitest';
import { closeAfterEach, ownFolder } from '../../../test/suites/closing.ts';
import { type SqliteDatabase, sqliteInbox } from './sqlite.ts';

const Database: new (path: string) => SqliteDatabase = createRequire(import.meta.url)('libsql');
const secret = 'whsec_dGhlIGNsb2NrIGp1bXBzIGFuIGhvdXIgIQ==';
const provider = standardWebhooks({ name: 'clock' });
const hour = 60 * 60 * 1_000;
const leaseMs = 500;
const pollMs = 20;
const backoffMs = 300;

/** How long a jump may delay anything, with room for a busy machine. */
const delayMs = leaseMs + pollMs + 700;

const open = closeAfterEach();

function freshFile(): string {
  return join(ownFolder(open, 'hookproof-clock-'), 'inbox.db');
}

interface Clock {
  skew: number;
}

type Handler = (id: string, context: HandlerContext<undefined>) => unknown;

/** One worker process of several, with a clock that can jump. Everything it notes goes into lists that they share. */
function worker(path: string, clock: Clock, on: Handler, reports: OutcomeReport[], work = true) {
  const now = () => Date.now() + clock.skew;
  const inbox = sqliteInbox({ path, now, work, leaseMs, pollMs, backoff: () => backoffMs, laneTimeoutMs: 60_000 });
  open.push(() => inbox.close({ maxMs: 1 }));
  const { receive } = createReceiver({
    provider,
    secret,
    inbox,
    lane: ({ id }) => (id?.startsWith('lane') === true ? 'lane' : undefined),
    on: { '*': ({ id }, context) => on(id ?? '', context) },
    onOutcome: (report) => {
      if (report.stage === 'work') reports.push(report);
    },
  });
  const store = async (id: string) => {
    const delivery = await signedDelivery(provider, { body: { type: 'a' } }, { secret, id });
    expect(await receive(delivery)).toMatchObject({ status: 202 });
  };
  return { inbox, store };
}

const outcomes = (reports: readonly OutcomeReport[]) =>
  reports.map(({ id, attempt, outcome }) => [id, attempt, outcome]);

describe.each([
  ['forward', hour],
  ['back', -hour],
])('a clock that jumps an hour %s', (_direction, jump) => {
  it.each([
    ['of the worker', [0]],
    ['of another worker', [1]],
    ['of the machine', [0, 1]],
  ])('%s leaves a delivery to the living worker that has it', async (_whose, jumping) => {
    const path = freshFile();
    const clocks: readonly [Clock, Clock] = [{ skew: 0 }, { skew: 0 }];
    const reports: OutcomeReport[] = [];
    const runs: unknown[] = [];
    const [began, begin] = gate();
    const [released, release] = gate();
    const handler: Handler = async (id, { attempt }) => {
      runs.push([id, attempt]);
      begin();
      await released;
    };
    const first = worker(path, clocks[0], handler, reports);
    await first.store('one');
    await began;
    worker(path, clocks[1], handler, reports);
    for (const which of jumping) (clocks[which] ?? clocks[0]).skew = jump;
    // Nothing may happen in this time, in which a silent worker would have lost it three times.
    await pause(3 * leaseMs);
    release();
    await expect.poll(() => outcomes(reports), { timeout: 5_000 }).toEqual([['one', 1, 'handled']]);
    expect(runs).toEqual([['one', 1]]);
  });

  it('keeps no retry waiting', async () => {
    const clock = { skew: 0 };
    const reports: OutcomeReport[] = [];
    const { store } = worker(freshFile(), clock, failOnce, reports);
    await store('one');
    await expect.poll(() => outcomes(reports), { interval: 5, timeout: 5_000 }).toEqual([['one', 1, 'retried']]);
    clock.skew = jump;
    await expect
      .poll(() => outcomes(reports), { timeout: 1.2 * backoffMs + delayMs })
      .toEqual([
        ['one', 1, 'retried'],
        ['one', 2, 'handled'],
      ]);
  });

  it('keeps no lane waiting whose first delivery fails', async () => {
    const clock = { skew: 0 };
    const reports: OutcomeReport[] = [];
    const { store } = worker(freshFile(), clock, failOnce, reports);
    await store('lane1');
    await expect.poll(() => outcomes(reports), { interval: 5, timeout: 5_000 }).toEqual([['lane1', 1, 'retried']]);
    await store('lane2');
    clock.skew = jump;
    // In whichever order: whether the lane was held for too long is what nobody can know any more.
    await expect
      .poll(() => outcomes(reports).filter(([, , outcome]) => outcome === 'handled').length, {
        timeout: 2.4 * backoffMs + delayMs,
      })
      .toBe(2);
  });

  it('keeps no delivery waiting that was stored before', async () => {
    const path = freshFile();
    const reports: OutcomeReport[] = [];
    // Stored by a process that does not work, before the jump; the worker comes after it.
    const { store } = worker(path, { skew: 0 }, () => undefined, [], false);
    await store('one');
    worker(path, { skew: jump }, () => undefined, reports);
    await expect.poll(() => outcomes(reports), { timeout: delayMs }).toEqual([['one', 1, 'handled']]);
  });

  it('keeps no delivery with a dead worker', async () => {
    const path = freshFile();
    const reports: OutcomeReport[] = [];
    const { store } = worker(path, { skew: 0 }, () => undefined, [], false);
    await store('one');
    const database = new Database(path);
    database
      .prepare(`UPDATE hookproof_deliveries SET state = 'working', attempts = 1, takes = 1, leased_until = ?`)
      .run(Date.now() + leaseMs);
    database.close();
    worker(path, { skew: jump }, () => undefined, reports);
    await expect.poll(() => outcomes(reports), { timeout: leaseMs + delayMs }).toEqual([['one', 2, 'handled']]);
  });
});

/** Both deliveries of the lane fail once. */
const failOnce: Handler = (_id, { attempt }) => {
  if (attempt === 1) throw new Error('not today');
};

function gate(): [passed: Promise<void>, open: () => void] {
  let pass = () => {};
  const passed = new Promise<void>((resolve) => {
    pass = resolve;
  });
  return [passed, pass];
}

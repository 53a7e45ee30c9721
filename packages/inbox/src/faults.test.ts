import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReceiver, type Inbox, type OutcomeReport, standardWebhooks } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  libsql as Database,
  type Fault,
  FaultyDatabase,
  kinds,
} from '../../../test/campaigns/crash/faulty-database.ts';
import { sqliteInbox } from './sqlite.ts';

const secret = 'whsec_ZmF1bHRzIG9mIHRoZSBzdG9yZSBhcmUgbWFueQ==';
const provider = standardWebhooks({ name: 'faults' });

let folder = '';
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookproof-faults-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function freshFile(): string {
  files += 1;
  const path = join(folder, `${files}.db`);
  // As openDatabase makes it: else each inbox says that others may read it.
  closeSync(openSync(path, 'a', 0o600));
  return path;
}

/** What another handle finds in the file: ids of events whose delivery is there whole. */
function storedIn(path: string): readonly string[] {
  const database = new Database(path);
  try {
    const rows = database
      .prepare('SELECT key FROM hookproof_deliveries d JOIN hookproof_bodies b ON b.seq = d.seq ORDER BY d.seq')
      .all();
    const halves = database
      .prepare('SELECT (SELECT count(*) FROM hookproof_deliveries) + (SELECT count(*) FROM hookproof_bodies) AS n')
      .get();
    expect(halves, 'nothing is stored by half').toMatchObject({ n: 2 * rows.length });
    return rows.map((row) => String(Reflect.get(Object(row), 'key')));
  } finally {
    database.close();
  }
}

interface Run {
  readonly id: string;
  readonly attempt: number;
}

/** A receiver whose handler notes its runs, and lets the second event of a lane fail once. */
function receiverOf(inbox: Inbox) {
  const runs: Run[] = [];
  const reports: OutcomeReport[] = [];
  const { receive } = createReceiver({
    provider,
    secret,
    inbox,
    lane: ({ id }) => id?.slice(0, 1),
    on: {
      '*': ({ id = '' }, { attempt = 0 }) => {
        runs.push({ id, attempt });
        if (id.endsWith('2') && attempt === 1) throw new Error('not today');
      },
    },
    onOutcome: (report) => reports.push(report),
  });
  const deliver = async (id: string) =>
    receive(await signedDelivery(provider, { body: { type: 'a' } }, { secret, id }));
  return { deliver, runs, reports };
}

const events = ['a1', 'b1', 'a2', 'b2', 'a3', 'b3'];

describe('opening, with a fault at every statement', () => {
  it.each(kinds)('%s', async (kind) => {
    for (let nth = 1; ; nth += 1) {
      const path = freshFile();
      const database = new FaultyDatabase(path);
      database.arm({ nth, kind });
      let inbox: Inbox | undefined;
      try {
        inbox = sqliteInbox({ database, work: false });
        break;
      } catch {
        expect(database.failures).toBeGreaterThan(0);
        database.correct();
        // The app starts again.
        inbox = sqliteInbox({ database, work: false });
        expect(await receiverOf(inbox).deliver('a1')).toMatchObject({ status: 202 });
        expect(storedIn(path)).toHaveLength(1);
      } finally {
        await inbox?.close();
        database.close();
      }
      expect(nth).toBeLessThan(50);
    }
  });
});

describe('accept, with a fault at every statement', () => {
  /** Three deliveries that share a commit: one that is there already, one in its lane, one in a lane of its own. */
  async function acceptWith(fault: Fault | undefined) {
    const path = freshFile();
    const database = new FaultyDatabase(path);
    const inbox = sqliteInbox({ database, work: false });
    const { deliver, runs } = receiverOf(inbox);
    expect(await deliver('a1')).toMatchObject({ status: 202 });
    database.arm(fault);
    const ids = ['a1', 'a3', 'b1'];
    const replies = await Promise.all(ids.map(deliver));
    database.correct();
    const found = storedIn(path);
    for (const [index, id] of ids.entries()) {
      const status = replies[index]?.status ?? 0;
      if (status >= 200 && status < 300) expect(found, `${id} was answered with ${status}`).toContainEqual(idOf(id));
      else expect(replies[index]).toMatchObject({ status: 503, body: expect.stringContaining('inbox_unavailable') });
    }
    const statements = database.trace.length;
    // The provider tries again.
    for (const reply of await Promise.all(ids.map(deliver))) expect([200, 202]).toContain(reply.status);
    expect(storedIn(path)).toHaveLength(3);
    expect(await inbox.drain()).toEqual({ handled: 3, retried: 0, dead: 0 });
    expect(runs.map(({ id }) => id).toSorted()).toEqual(['a1', 'a3', 'b1']);
    await inbox.close();
    database.close();
    return { statements, failures: database.failures };
  }

  function idOf(id: string) {
    return expect.stringContaining(id);
  }

  it.each(kinds)('%s', async (kind) => {
    const { statements } = await acceptWith(undefined);
    expect(statements).toBeGreaterThan(7);
    for (let nth = 1; nth <= statements; nth += 1) {
      expect(await acceptWith({ nth, kind }), `statement ${nth}`).not.toMatchObject({ failures: 0 });
    }
  });
});

describe('work, with a fault at every statement', () => {
  /** Two lanes of three events each, whose second fails once. */
  async function workWith(fault: Fault | undefined) {
    const path = freshFile();
    const database = new FaultyDatabase(path);
    const before = sqliteInbox({ database, work: false });
    const { deliver } = receiverOf(before);
    for (const id of events) expect(await deliver(id)).toMatchObject({ status: 202 });
    await before.close();
    const onError = () => {
      // An outage ends after some failures, whoever they met.
      if (database.failures >= 5) database.correct();
    };
    const inbox = sqliteInbox({ database, leaseMs: 300, pollMs: 20, backoff: () => 5, onError });
    database.arm(fault);
    const { runs, reports } = receiverOf(inbox);
    try {
      await expect.poll(() => countsIn(path), { timeout: 10_000, interval: 20 }).toEqual({ n: 6 });
      const statements = database.trace.length;
      await inbox.close();
      judge(runs, reports);
      return { statements, failures: database.failures };
    } finally {
      await inbox.close();
      database.close();
    }
  }

  function countsIn(path: string): unknown {
    const database = new Database(path);
    const row = database.prepare(`SELECT count(*) AS n FROM hookproof_deliveries WHERE state = 'handled'`).get();
    database.close();
    return { n: Reflect.get(Object(row), 'n') };
  }

  function judge(runs: readonly Run[], reports: readonly OutcomeReport[]): void {
    for (const lane of ['a', 'b']) {
      const order = runs.map(({ id }) => id).filter((id) => id.startsWith(lane));
      expect(order, 'the order of a lane').toEqual(order.toSorted());
      expect(new Set(order).size).toBe(3);
    }
    const told = reports.filter(({ outcome }) => outcome === 'handled').map(({ id }) => id);
    expect(told.toSorted(), 'what is handled is reported so').toEqual(events.toSorted());
    for (const [index, { id, attempt }] of runs.entries()) {
      const earlier = runs.slice(0, index).filter((run) => run.id === id);
      for (const run of earlier) {
        expect(attempt, `${id} runs again`).toBeGreaterThan(run.attempt);
        const told = reports.filter((report) => report.id === id && report.attempt === run.attempt);
        expect(told, `why ${id} runs again`).toMatchObject([
          { outcome: 'retried', error: { code: expect.any(String) } },
        ]);
      }
    }
  }

  it.each(kinds)('%s', { timeout: 60_000 }, async (kind) => {
    const { statements } = await workWith(undefined);
    expect(statements).toBeGreaterThan(40);
    const nths = Array.from({ length: statements }, (_, index) => index + 1);
    let failed = 0;
    const each = async () => {
      for (let nth = nths.shift(); nth !== undefined; nth = nths.shift()) {
        const { failures } = await workWith({ nth, kind });
        if (failures > 0) failed += 1;
      }
    };
    // Most of the time each of them waits for its next try.
    await Promise.all(Array.from({ length: 8 }, each));
    // A run may be done in fewer looks than the one that was counted.
    expect(failed).toBeGreaterThan(0.8 * statements);
  });
});

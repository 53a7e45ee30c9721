import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createReceiver, standardWebhooks } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { describe, expect, it } from 'vitest';
import { closeAfterEach, ownFolder } from '../../../test/suites/closing.ts';
import { type SqliteDatabase, sqliteInbox } from './sqlite.ts';

const Database: new (path: string) => SqliteDatabase = createRequire(import.meta.url)('libsql');
const secret = 'whsec_dGhlIGRpc2sgaXMgZnVsbCBhdCBsYXN0ISE=';
const provider = standardWebhooks({ name: 'disk' });

const open = closeAfterEach();

const folderOf = () => ownFolder(open, 'hookproof-disk-');

/** Fills a store until it refuses, makes room, and tells what became of all that was sent. */
async function fill(path: string, limit: (database: SqliteDatabase) => void, makeRoom: () => void): Promise<void> {
  const database = new Database(path);
  const handled: string[] = [];
  const inbox = sqliteInbox({ database, work: false });
  open.push(async () => {
    await inbox.close();
    database.close();
  });
  const { receive } = createReceiver({
    provider,
    secret,
    inbox,
    on: { '*': ({ id }) => handled.push(id ?? '') },
    onOutcome: () => undefined,
  });
  const deliver = async (id: string) =>
    receive(await signedDelivery(provider, { body: { type: 'a', data: 'x'.repeat(8_000) } }, { secret, id }));
  limit(database);

  const stored: string[] = [];
  const refused: string[] = [];
  for (let batch = 0; refused.length === 0 && batch < 100; batch += 1) {
    // Three at once share a commit: none of them may be stored by half.
    const ids = [1, 2, 3].map((nth) => `msg_${batch}_${nth}`);
    for (const [index, reply] of (await Promise.all(ids.map(deliver))).entries()) {
      const id = ids[index] ?? '';
      if (reply.status === 202) stored.push(id);
      else refused.push(id);
      if (reply.status !== 202)
        expect(reply).toMatchObject({ status: 503, body: expect.stringContaining('inbox_unavailable') });
    }
  }
  expect(stored.length).toBeGreaterThan(3);
  expect(refused).toHaveLength(3);
  expect(wholeIn(path)).toEqual(stored);
  for (const reply of await Promise.all(refused.map(deliver)))
    expect(reply, 'still full').toMatchObject({ status: 503 });

  makeRoom();
  for (const id of refused) expect(await deliver(id)).toMatchObject({ status: 202 });
  expect(wholeIn(path)).toEqual([...stored, ...refused]);
  expect(await inbox.drain()).toEqual({ handled: stored.length + 3, retried: 0, dead: 0 });
  expect(handled.toSorted()).toEqual([...stored, ...refused].toSorted());
}

/** Ids of the deliveries that another handle finds in the file, in order of arrival; there is nothing besides. */
function wholeIn(path: string): readonly string[] {
  const database = new Database(path);
  try {
    const rows = database
      .prepare(
        'SELECT key FROM hookproof_deliveries d LEFT JOIN hookproof_bodies b ON b.seq = d.seq WHERE body NOTNULL ORDER BY d.seq',
      )
      .all();
    const halves = database
      .prepare('SELECT (SELECT count(*) FROM hookproof_deliveries) + (SELECT count(*) FROM hookproof_bodies) AS n')
      .get();
    expect(halves).toMatchObject({ n: 2 * rows.length });
    return rows.map((row) => /msg_\w+$/.exec(String(Reflect.get(Object(row), 'key')))?.[0] ?? 'no id in the key');
  } finally {
    database.close();
  }
}

describe('a full disk', () => {
  it('is answered with 503 when the file may not grow, and nothing is stored by half', async () => {
    let limited: SqliteDatabase | undefined;
    await fill(
      join(folderOf(), 'inbox.db'),
      (database) => {
        limited = database;
        database.exec('PRAGMA max_page_count = 60');
      },
      () => limited?.exec('PRAGMA max_page_count = 10000'),
    );
  });

  it('is answered with 503 when the file system has no room', async (context) => {
    const folder = folderOf();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' });
    } catch {
      console.warn('SKIPPED: a small file system cannot be mounted here, which only root may do.');
      return context.skip();
    }
    open.push(() => execFileSync('umount', ['-l', folder]));
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(300_000));
    await fill(
      join(folder, 'inbox.db'),
      () => undefined,
      () => rmSync(ballast),
    );
  });
});

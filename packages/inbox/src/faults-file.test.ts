import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReceiver, standardWebhooks } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openDatabase, sqliteInbox } from './sqlite.ts';

const secret = 'whsec_dGhlIGZpbGUgaXMgZ29uZSBhdCBsYXN0ISEh';
const provider = standardWebhooks({ name: 'file' });
const ends = ['', '-wal', '-shm'];

/** What closes at the end of each test, whatever became of it. */
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookproof-file-'));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'inbox.db');
}

/** An app with an inbox, whose own handle it is or not. */
function startApp(path: string, by: 'path' | 'database' = 'path') {
  const said: string[] = [];
  const handled: string[] = [];
  const database = by === 'database' ? openDatabase(path) : undefined;
  const inbox = sqliteInbox({
    ...(database === undefined ? { path } : { database }),
    pollMs: 100,
    leaseMs: 2_000,
    onError: (error) => void said.push(String(error)),
  });
  open.push(async () => {
    await inbox.close();
    database?.close();
  });
  const { receive } = createReceiver({
    provider,
    secret,
    inbox,
    on: { '*': ({ id }) => void handled.push(id ?? '') },
    onOutcome: () => undefined,
  });
  const deliver = async (id: string) =>
    (await receive(await signedDelivery(provider, { body: { type: 'a', data: 'x' } }, { secret, id }))).status;
  return { inbox, said, handled, deliver };
}

/** How many deliveries another process would find. */
async function countIn(path: string): Promise<number> {
  const inbox = sqliteInbox({ path, work: false, onError: () => undefined });
  const { waiting, working, handled, dead } = await inbox.counts();
  await inbox.close();
  return waiting + working + handled + dead;
}

const backUp = (path: string, to: string) => {
  const database = openDatabase(path);
  database.exec(`VACUUM INTO '${to}'`);
  database.close();
};

const removals: [how: string, remove: (path: string) => void][] = [
  ['removed', (path) => rmSync(path)],
  ['removed with all beside it', (path) => ends.forEach((end) => void rmSync(path + end))],
  ['renamed', (path) => renameSync(path, `${path}.old`)],
  [
    'replaced by an empty file',
    (path) => {
      rmSync(path);
      writeFileSync(path, '');
    },
  ],
];

describe.each(['path', 'database'] as const)('a file that is opened by %s', (by) => {
  it.each(removals)(
    'and %s under the running app: nothing more is answered with 202, and the fix is said',
    async (_how, remove) => {
      const path = newPath();
      const { deliver, said, handled } = startApp(path, by);
      expect(await deliver('msg_1')).toBe(202);
      await vi.waitFor(() => expect(handled).toEqual(['msg_1']));
      remove(path);
      expect(await deliver('msg_2')).toBe(503);
      expect(await deliver('msg_3')).toBe(503);
      // Also where nothing is delivered.
      const fix =
        by === 'path'
          ? /removed, renamed or replaced.*hookproof inbox restore/
          : /removed, renamed or replaced.*restart/;
      await vi.waitFor(() => expect(said.join()).toMatch(fix), 5_000);
      expect(handled).toEqual(['msg_1']);
    },
  );

  it('goes on when it is back', async () => {
    const path = newPath();
    const { deliver, handled } = startApp(path, by);
    expect(await deliver('msg_1')).toBe(202);
    await vi.waitFor(() => expect(handled).toEqual(['msg_1']));
    for (const end of ends) renameSync(path + end, `${path}.away${end}`);
    expect(await deliver('msg_2')).toBe(503);
    for (const end of ends) if (existsSync(`${path}.away${end}`)) renameSync(`${path}.away${end}`, path + end);
    // What was committed before the file was missed is in it after all: a duplicate, which is handled too.
    await vi.waitFor(async () => expect(await deliver('msg_2')).toBe(200), { timeout: 5_000, interval: 100 });
    expect(await deliver('msg_3')).toBe(202);
    await vi.waitFor(() => expect(handled).toEqual(['msg_1', 'msg_2', 'msg_3']), 5_000);
    expect(await countIn(path)).toBe(3);
  }, 15_000);
});

describe('a file of the inbox', () => {
  it('that was renamed has all that was stored, without its log', async () => {
    const path = newPath();
    const { deliver } = startApp(path);
    for (const id of ['msg_1', 'msg_2', 'msg_3']) expect(await deliver(id)).toBe(202);
    renameSync(path, `${path}.old`);
    await vi.waitFor(() => expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0), 5_000);
    copyFileSync(`${path}.old`, `${path}.copy`);
    expect(await countIn(`${path}.copy`)).toBe(3);
  });

  it('is opened anew when a backup takes its place, also where the old log lies beside it', async () => {
    const path = newPath();
    const { deliver, handled, inbox } = startApp(path);
    for (const id of ['msg_1', 'msg_2']) expect(await deliver(id)).toBe(202);
    await vi.waitFor(() => expect(handled).toHaveLength(2));
    backUp(path, `${path}.backup`);
    for (const id of ['msg_3', 'msg_4', 'msg_5']) expect(await deliver(id)).toBe(202);
    await vi.waitFor(() => expect(handled).toHaveLength(5));
    renameSync(`${path}.backup`, path);
    expect(await deliver('msg_6')).toBe(503);
    await vi.waitFor(async () => expect(await deliver('msg_6')).toBe(202), { timeout: 10_000, interval: 200 });
    await vi.waitFor(() => expect(handled.at(-1)).toBe('msg_6'), 5_000);
    expect(await inbox.counts()).toMatchObject({ handled: 3, waiting: 0 });
    const database = openDatabase(path);
    expect(database.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' });
    database.close();
    expect(await countIn(path)).toBe(3);
  }, 20_000);
});

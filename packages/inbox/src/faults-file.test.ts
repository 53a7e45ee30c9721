import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createReceiver, standardWebhooks } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { describe, expect, it, vi } from 'vitest';
import { closeAfterEach, ownFolder } from '../../../test/suites/closing.ts';
import { openDatabase, sqliteInbox } from './sqlite.ts';

const secret = 'whsec_dGhlIGZpbGUgaXMgZ29uZSBhdCBsYXN0ISEh';
const provider = standardWebhooks({ name: 'file' });
const ends = ['', '-wal', '-shm'];

const open = closeAfterEach();

function newPath(): string {
  return join(ownFolder(open, 'hookproof-file-'), 'inbox.db');
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

describe('trouble with a file is said with its cause and the fix', () => {
  const nobody = 65_534;
  /** Does something as a user who may do less; root may write everywhere. */
  function asNobody<T>(work: () => T): T {
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(nobody);
    try {
      return work();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  }

  it.skipIf(process.platform === 'win32').each([
    ['a file that may not be read or written', 0o600, 0o755, /could not open|may not be written|cannot be made/],
    [
      'a file that may only be read',
      0o444,
      0o777,
      /may not be written by this process.*its user write the file and its folder/,
    ],
    [
      'a folder in which nothing may be made',
      0o666,
      0o555,
      /cannot be made or opened.*write in its folder|may not be written.*its folder/,
    ],
  ])('%s', async (_what, mode, folderMode, message) => {
    const path = newPath();
    const { inbox, deliver } = startApp(path);
    expect(await deliver('msg_1')).toBe(202);
    await inbox.close();
    // As another file, which no process has open.
    copyFileSync(path, `${path}.copy`);
    chmodSync(`${path}.copy`, mode);
    for (const end of ends) rmSync(path + end, { force: true });
    chmodSync(dirname(path), folderMode);
    const start = () => sqliteInbox({ path: `${path}.copy`, work: false, onError: () => undefined });
    expect(() => asNobody(start)).toThrow(message);
    expect(() => asNobody(start)).toThrow(expect.objectContaining({ code: 'invalid_options' }));
    chmodSync(dirname(path), 0o755);
  });

  it('a file that is no database, or a damaged one', async () => {
    const path = newPath();
    writeFileSync(path, Buffer.alloc(8_192, 'no database'));
    expect(() => sqliteInbox({ path })).toThrow(/is no database.*hookproof inbox restore/);
    const other = newPath();
    const { deliver, inbox } = startApp(other);
    for (let n = 0; n < 50; n += 1) expect(await deliver(`msg_${n}`)).toBe(202);
    await inbox.close();
    const bytes = readFileSync(other);
    // As another one put beside an old log may look: the first pages are right, and others are not.
    writeFileSync(`${other}.spoilt`, bytes.fill(0x55, 2 * 4_096));
    const spoilt = async () => {
      const opened = sqliteInbox({ path: `${other}.spoilt`, work: false, onError: () => undefined });
      open.push(() => opened.close());
      await opened.counts();
    };
    await expect(spoilt()).rejects.toThrow(/is damaged.*hookproof inbox restore/);
  });

  it('a log that stays large behind a reader, once', async () => {
    const path = newPath();
    const said: string[] = [];
    const onError = (error: unknown) => void said.push(String(error));
    const inbox = sqliteInbox({ path, leaseMs: 400, onError });
    open.push(() => inbox.close());
    inbox.register({ name: 'nobody', work: async ({ settle }) => (await settle(undefined)).outcome });
    const accept = (key: string) =>
      inbox.accept({
        name: 'a',
        key,
        type: 't',
        owner: undefined,
        lane: undefined,
        headers: new Map(),
        body: new Uint8Array(1_000_000),
      });
    await accept('first');
    const reader = openDatabase(path);
    reader.exec('BEGIN; SELECT count(*) FROM hookproof_deliveries');
    for (let n = 0; n < 75; n += 1) await accept(`k${n}`);
    await vi.waitFor(() => expect(said).toEqual([expect.stringMatching(/-wal has more than 64 MiB.*End it/)]), 10_000);
    reader.exec('COMMIT');
    reader.close();
    await accept('last');
    expect(said).toHaveLength(1);
  }, 30_000);

  it.each([
    ['promises', () => Promise.resolve({ version: '3.45.1' }), /answers at once/],
    ['nothing, as callbacks do', () => undefined, /answers at once/],
    ['an old SQLite', () => ({ version: '3.34.1' }), /needs SQLite 3\.35.*has 3\.34\.1/],
  ])('a driver that gives %s', (_what, get, message) => {
    const statement = { get, run: () => ({ changes: 0 }), all: () => [] };
    const database = { exec: () => undefined, prepare: () => statement, close: () => undefined };
    expect(() => sqliteInbox({ database })).toThrow(message);
    expect(() => sqliteInbox({ database })).toThrow(expect.objectContaining({ code: 'invalid_options' }));
  });
});

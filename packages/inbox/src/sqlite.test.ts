import { execSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { WebhookError } from '@hookproof/core';
import Libsql from 'libsql';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { watchFile } from './sqlite/file.ts';
import { migrate, migrations } from './sqlite/migrations.ts';
import { fileOf } from './sqlite/private-file.ts';
import { silenceWatch } from './sqlite/silence.ts';
import { sqliteTransactions } from './sqlite/transactions.ts';
import { openDatabase, type SqliteDatabase, sqliteInbox } from './sqlite.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookproof-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

const one = {
  name: 'a',
  key: 'k',
  type: 't',
  owner: undefined,
  lane: undefined,
  headers: new Map(),
  body: new Uint8Array([1, 2]),
};

describe('the file', () => {
  it('is made durable: a write-ahead log, and a commit that waits for the disk', async () => {
    const database = openDatabase(newFile());
    const inbox = sqliteInbox({ database, work: false });
    expect(database.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
    // 2 is FULL.
    expect(database.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 });
    expect(database.prepare('PRAGMA wal_autocheckpoint').get()).toMatchObject({ wal_autocheckpoint: 4_000 });
    await inbox.close();
    // A handle of the user's stays open.
    expect(database.prepare('SELECT 1 AS one').get()).toMatchObject({ one: 1 });
    database.close();
  });

  it('is refused where it cannot be made durable', () => {
    const database = openDatabase(':memory:');
    expect(() => sqliteInbox({ database })).toThrow(/cannot use a write-ahead log.*memoryInbox/);
    database.close();
  });

  it('is refused where it is no database', () => {
    const path = newFile();
    writeFileSync(path, 'this is no database at all, but it is long enough to be looked at as one'.repeat(20));
    expect(() => sqliteInbox({ path })).toThrow(/not a database/);
  });

  it.each([
    [{}, /either path or database/],
    [{ path: ' ' }, /path must name a file/],
    [{ path: 'a', database: openDatabase(':memory:') }, /either path or database/],
    [{ database: {} as SqliteDatabase }, /database must be a handle/],
    [{ path: 'a', fsync: false }, /fsync is not an option of this inbox. There are: path, database, work/],
  ])('wrong options are named: %#', (options, message) => {
    expect(() => sqliteInbox(options)).toThrow(message);
  });
});

describe.skipIf(process.platform === 'win32')('who may read the file', () => {
  const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);
  const modesIn = (place: string) => readdirSync(place).map((name) => [name, modeOf(join(place, name))]);
  const newFolder = () => mkdtempSync(join(folder, 'modes-'));
  const usual = process.umask();
  afterEach(() => void process.umask(usual));

  it.each([0o022, 0])('is its owner alone, and so for -wal and -shm: umask %o', async (umask) => {
    process.umask(umask);
    const place = newFolder();
    const onError = vi.fn();
    const inbox = sqliteInbox({ path: join(place, 'a.db'), work: false, onError });
    await inbox.accept(one);
    expect(onError).not.toHaveBeenCalled();
    expect(modesIn(place)).toEqual([
      ['a.db', '600'],
      ['a.db-shm', '600'],
      ['a.db-wal', '600'],
    ]);
    await inbox.close();
  });

  it('is nobody else before SQLite opens it either', async () => {
    process.umask(0);
    const before: string[] = [];
    vi.resetModules();
    vi.doMock('node:module', () => ({
      createRequire: () => () =>
        class extends Libsql {
          constructor(path: string) {
            before.push(modeOf(path));
            super(path);
          }
        },
    }));
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const fresh = await import('./sqlite.ts');
    fresh.openDatabase(newFile()).close();
    expect(before).toEqual(['600']);
    vi.doUnmock('node:module');
    vi.restoreAllMocks();
  });

  it.each([
    ['a URI', (file: string) => `file:${file}`],
    ['a URI with an authority', (file: string) => `file://${file}`],
    ['a URI with escapes', (file: string) => `file:${file.replaceAll('a', '%61')}`],
    ['a relative path', (file: string) => relative(process.cwd(), file)],
  ])('is its owner alone by %s, which names the same file', (_what, nameOf) => {
    process.umask(0o022);
    const place = newFolder();
    const database = openDatabase(nameOf(join(place, 'a.db')));
    database.exec('CREATE TABLE one (a)');
    expect(modesIn(place)).toEqual([['a.db', '600']]);
    database.close();
  });

  it('is its owner alone where the path is a link to a file that is not there yet', () => {
    process.umask(0o022);
    const place = newFolder();
    symlinkSync(join(place, 'a.db'), join(place, 'link.db'));
    openDatabase(join(place, 'link.db')).close();
    expect(modeOf(join(place, 'a.db'))).toBe('600');
  });

  it('matters for no database in memory: no file is made', () => {
    const place = newFolder();
    const database = openDatabase(':memory:');
    database.exec('CREATE TABLE one (a)');
    database.close();
    expect(fileOf(':memory:')).toBeUndefined();
    expect(fileOf('file::memory:')).toBeUndefined();
    for (const end of ['mode=memory&cache=shared', 'mode=ro', 'mode=rw', 'vfs=memdb']) {
      expect(fileOf(`file:${place}/a.db?${end}`)).toBeUndefined();
    }
    expect(fileOf(`file:${place}/a.db?mode=rwc`)).toBe(`${place}/a.db`);
  });

  it.each(['path', 'database'] as const)(
    'is whoever the user says where it is there, and that is said once with the fix: by %s',
    async (by) => {
      const place = newFolder();
      const path = join(place, 'a.db');
      writeFileSync(path, '');
      chmodSync(path, 0o640);
      const said: string[] = [];
      const onError = (error: unknown) => void said.push(String(error));
      const database = by === 'database' ? openDatabase(path) : undefined;
      const inbox = sqliteInbox({ ...(database ? { database } : { path }), work: false, onError });
      await inbox.accept(one);
      await inbox.accept({ ...one, key: 'another' });
      expect(modeOf(path)).toBe('640');
      const [, command] = /lets others than its owner read.*(chmod 600 ".*a\.db".*)/.exec(said.join()) ?? [];
      expect(said).toHaveLength(1);
      execSync(command ?? expect.unreachable());
      // While it is open, it has all three.
      const beside = sqliteInbox({ path, work: false, onError });
      await beside.accept({ ...one, key: 'a third' });
      expect(modesIn(place)).toEqual(['a.db', 'a.db-shm', 'a.db-wal'].map((name) => [name, '600']));
      expect(said).toHaveLength(1);
      await Promise.all([inbox.close(), beside.close()]);
      database?.close();
    },
  );
});

describe('a step', () => {
  it('ends what a rollback that failed has left open in the own handle', async () => {
    const database = openDatabase(newFile());
    const { transaction } = sqliteTransactions(watchFile(database, 'ours'));
    database.exec('BEGIN');
    expect(await transaction(() => 'done')).toBe('done');
    database.close();
  });

  it('waits for the transaction of the user on a handle of theirs, and leaves it alone', async () => {
    const database = openDatabase(newFile());
    database.exec('CREATE TABLE mine (a)');
    const { transaction } = sqliteTransactions(watchFile(database, undefined));
    database.exec('BEGIN');
    database.exec('INSERT INTO mine VALUES (1)');
    const step = transaction(() => database.prepare('SELECT count(*) AS n FROM mine').get());
    await new Promise((resolve) => setTimeout(resolve, 30));
    database.exec('COMMIT');
    expect(await step).toMatchObject({ n: 1 });
    database.close();
  });

  it('meets no other step of the same handle', async () => {
    const database = openDatabase(newFile());
    const { transaction } = sqliteTransactions(watchFile(database, 'ours'));
    const results = await Promise.all(Array.from({ length: 50 }, (_, index) => transaction(() => index)));
    expect(results).toHaveLength(50);
    database.close();
  });
});

describe('what a beginner meets', () => {
  it.each([
    [() => sqliteInbox({ path: join(folder, 'missing', 'a.db') }), /could not open ".*a\.db".*folder that is there/],
    [() => sqliteInbox(undefined as never), /The options of this inbox must be an object, such as \{ path: … \}/],
    [
      () => sqliteInbox('a.db' as never),
      /The options of this inbox must be an object, such as \{ path: … \}. There are: path, database/,
    ],
  ])('is answered with what to do: %#', (make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_options' }));
  });

  it('complete without BEGIN is refused, because it would keep what the handler then fails to do', async () => {
    const database = openDatabase(newFile());
    const inbox = sqliteInbox({ database, work: false, maxAttempts: 1 });
    const errors: unknown[] = [];
    inbox.register({
      name: 'a',
      async work({ complete, settle }) {
        try {
          await complete(database);
        } catch (error) {
          errors.push(error);
        }
        return (await settle(new WebhookError('handler_failed', 'The insert failed.'))).outcome;
      },
    });
    await inbox.accept(one);
    expect(await inbox.drain()).toEqual({ handled: 0, retried: 0, dead: 1 });
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringMatching(/between BEGIN and COMMIT/) })]);
    await inbox.close();
    database.close();
  });
});

describe('its versions', () => {
  it('a file of an older version gets what is new, and keeps what it has', async () => {
    const path = newFile();
    const inbox = sqliteInbox({ path, work: false });
    const { id } = await inbox.accept(one);
    await inbox.close();
    const database = openDatabase(path);
    migrate(database, [...migrations, 'ALTER TABLE hookproof_deliveries ADD COLUMN later TEXT']);
    migrate(database, [...migrations, 'ALTER TABLE hookproof_deliveries ADD COLUMN later TEXT']);
    expect(database.prepare('SELECT later, key FROM hookproof_deliveries').get()).toMatchObject({
      key: 'k',
      later: null,
    });
    // And this version says that it is too old for it.
    expect(() => sqliteInbox({ path })).toThrow(/made by a later version/);
    database.close();
    expect(id).toBe('1');
  });

  it('a migration that fails leaves nothing behind', () => {
    const database = openDatabase(newFile());
    migrate(database);
    expect(() => migrate(database, [...migrations, 'CREATE TABLE extra (a); SELECT nonsense'])).toThrow();
    expect(database.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'extra'").get()).toMatchObject({
      n: 0,
    });
    database.close();
  });

  it('no migration that is out there was changed', () => {
    const hashes = migrations.map((step) => createHash('sha256').update(step).digest('hex').slice(0, 16));
    // Append the hash of a new migration; never change one that is here.
    expect(hashes).toEqual(['aa80fabd9fd8894b', 'c4dfc161a13126a4', 'd7380807829e88c4']);
  });
});

describe('keys of what was pruned', () => {
  it('are all forgotten when their time is over, by an index, however many and whatever they are', async () => {
    const database = openDatabase(newFile());
    const statements = new Set<string>();
    const prepare = (text: string) => {
      statements.add(text);
      return database.prepare(text);
    };
    const watched = { exec: (text: string) => database.exec(text), prepare, close: () => database.close() };
    const inbox = sqliteInbox({
      database: watched,
      work: false,
      retainKeysMs: 1_000,
      retainHandledMs: 1,
      now: () => clock,
    });
    let clock = Date.now();
    inbox.register({ name: 'a', work: async ({ settle }) => (await settle(undefined)).outcome });
    const keys = ['\ud800', 'a\0b', 'a\0c', '', ...Array.from({ length: 1_200 }, (_, index) => `k${index}`)];
    await Promise.all(keys.map((key) => inbox.accept({ ...one, key })));
    await inbox.drain();
    clock += 500;
    expect(await inbox.prune()).toBe(keys.length);
    const kept = () => database.prepare('SELECT count(*) AS n FROM hookproof_keys').get();
    expect(kept()).toMatchObject({ n: keys.length });
    const accepted = await Promise.all(keys.map((key) => inbox.accept({ ...one, key })));
    expect(accepted.filter(({ isNew }) => isNew)).toEqual([]);
    clock += 500;
    await inbox.prune();
    expect(kept()).toMatchObject({ n: 0 });
    const ofKeys = [...statements].filter((text) => text.includes('hookproof_keys'));
    const plans = ofKeys.flatMap((text) => database.prepare(`EXPLAIN QUERY PLAN ${text}`).all());
    expect(ofKeys).toHaveLength(3);
    expect(plans.map((row) => String(Reflect.get(Object(row), 'detail')))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^SEARCH hookproof_keys USING .*PRIMARY KEY \(name=\? AND key=\?\)/),
        expect.stringMatching(/^SEARCH hookproof_keys USING .*INDEX hookproof_known/),
      ]),
    );
    expect(JSON.stringify(plans)).not.toContain('SCAN');
    await inbox.close();
    database.close();
  });
});

describe('a receiver that gets little, beside 20,000 that wait for another', () => {
  /** Stores 20,000 for `loud`, and then ten for `quiet`; returns how long each of the ten waited, in milliseconds. */
  async function waits(concurrency: number, workLoud: () => Promise<void>): Promise<readonly number[]> {
    const inbox = sqliteInbox({ path: newFile(), concurrency, pollMs: 100 });
    await Promise.all(Array.from({ length: 20_000 }, (_, n) => inbox.accept({ ...one, name: 'loud', key: `${n}` })));
    const waited: number[] = [];
    const ends: (() => void)[] = [];
    inbox.register({
      name: 'loud',
      async work({ settle, signal }) {
        await Promise.race([workLoud(), once(signal, 'abort')]);
        return (await settle(undefined)).outcome;
      },
    });
    inbox.register({
      name: 'quiet',
      async work({ receivedAt, settle }) {
        waited.push(Date.now() - receivedAt.getTime());
        const { outcome } = await settle(undefined);
        ends.shift()?.();
        return outcome;
      },
    });
    for (let n = 0; n < 10; n += 1) {
      const ended = new Promise<void>((resolve) => ends.push(resolve));
      await inbox.accept({ ...one, name: 'quiet', key: `${n}` });
      await ended;
    }
    await inbox.close({ maxMs: 1_000 });
    return waited;
  }

  it('is served within a second where there is one slot', async () => {
    const waited = await waits(1, () => new Promise((resolve) => setTimeout(resolve, 50)));
    expect(waited).toHaveLength(10);
    expect(Math.max(...waited)).toBeLessThan(1_000);
  }, 60_000);

  it('is served at once where the handlers of the other hang', async () => {
    const waited = await waits(4, () => new Promise(() => undefined));
    expect(waited).toHaveLength(10);
    expect(Math.max(...waited)).toBeLessThan(1_000);
  }, 60_000);
});

describe('finding a SQLite', () => {
  it.each<[what: string, answer: () => unknown]>([
    ['says nothing of node:sqlite', () => undefined],
    [
      'throws when it is asked for it',
      () => {
        throw new Error('process.getBuiltinModule is not supported here');
      },
    ],
    [
      'has one that opens nothing',
      () => ({
        DatabaseSync: class {
          constructor() {
            throw new Error('node:sqlite is not supported here');
          }
        },
      }),
    ],
  ])('takes libsql where the runtime %s', (_what, answer) => {
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(answer as never);
    try {
      const database = openDatabase(newFile());
      expect(database).toBeInstanceOf(Libsql);
      database.close();
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe('finding no SQLite', () => {
  it('says what to install', async () => {
    vi.resetModules();
    vi.doMock('node:module', () => ({
      createRequire: () => () => {
        throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
      },
    }));
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const { sqliteInbox: withoutAny } = await import('./sqlite.ts');
    expect(() => withoutAny({ path: newFile() })).toThrow(/npm install libsql.*Node 22\.13.*better-sqlite3/);
    vi.doUnmock('node:module');
    vi.restoreAllMocks();
  });
});

describe('a worker that is silent', () => {
  it('is given up after leaseMs without a sign, and never while it gives some, whatever the clock says', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const silence = silenceWatch(1_000);
    const lease = (sign: string, expired = false) => [{ id: 1, sign, expired }];
    expect(silence(lease('1.0', true), true)).toEqual([]);
    vi.advanceTimersByTime(400);
    // The clock on the wall was set forward: the lease looks expired, but the worker lives.
    expect(silence(lease('1.1', true), true)).toEqual([]);
    vi.advanceTimersByTime(400);
    expect(silence(lease('1.2', true), true)).toEqual([]);
    // Now it dies. By the clock, which was set back, its lease goes on for an hour.
    for (const ms of [400, 400, 199]) {
      vi.advanceTimersByTime(ms);
      expect(silence(lease('1.2', false), true)).toEqual([]);
    }
    vi.advanceTimersByTime(1);
    expect(silence(lease('1.2', false), true)).toEqual([1]);
    vi.useRealTimers();
  });

  it('is not given up by a process that itself stood still', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const silence = silenceWatch(1_000);
    const lease = [{ id: 1, sign: '1.0', expired: true }];
    silence(lease, true);
    vi.advanceTimersByTime(60_000);
    expect(silence(lease, true)).toEqual([]);
    vi.advanceTimersByTime(500);
    expect(silence(lease, true)).toEqual([1]);
    vi.useRealTimers();
  });

  it('whose lease is over by the clock is given up after half of it', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const silence = silenceWatch(1_000);
    const lease = [{ id: 1, sign: '1.0', expired: true }];
    silence(lease, true);
    vi.advanceTimersByTime(499);
    expect(silence(lease, true)).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(silence(lease, true)).toEqual([1]);
    vi.useRealTimers();
  });

  it('is given up at once in a process that does not stay, where its lease is over', () => {
    const silence = silenceWatch(1_000);
    expect(silence([{ id: 1, sign: '1.0', expired: false }], false)).toEqual([]);
    expect(silence([{ id: 1, sign: '1.0', expired: true }], false)).toEqual([1]);
  });
});

it('after close the file alone is whole, with the bytes as they came', async () => {
  const path = newFile();
  const inbox = sqliteInbox({ path, work: false });
  await inbox.accept({ ...one, body: new TextEncoder().encode('{"marker":"bytes as they came"}') });
  await inbox.close();
  expect(readFileSync(path, 'latin1')).toContain('{"marker":"bytes as they came"}');
});

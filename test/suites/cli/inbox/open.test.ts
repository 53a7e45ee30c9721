import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDatabase } from '@hookproof/inbox/sqlite';
import { Redis } from 'ioredis';
import Database from 'libsql';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { hookproof, hookproofProcess } from '../hookproof.ts';
import { revoked } from './app.ts';
import { appOn, engines, newPath, postgres, redis } from './stores.ts';

const password = 'pass:word/@1';
const encoded = encodeURIComponent(password);

/** What a command on a store that cannot be opened says. */
async function refused(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await hookproof(['inbox', ...words], { env });
  expect(stdout).toBe('');
  expect(stderr).not.toContain(password);
  expect(stderr).not.toContain(encoded);
  return { code, stderr };
}

describe.each(['list', 'show', 'counts', 'replay', 'discard', 'prune'])('hookproof inbox %s', (command) => {
  const words = { show: ['1'], replay: ['1'], discard: ['1', '--yes'] }[command] ?? [];

  it('makes no file where there is none', async () => {
    const path = newPath();
    const { code, stderr } = await refused([command, path, ...words]);
    expect(code).toBe(3);
    expect(stderr).toContain(`There is no file ${path}.`);
    expect((await readdir(dirname(path))).filter((name) => path.endsWith(name))).toEqual([]);
  });

  it('refuses what is not an inbox, and leaves it as it is', async () => {
    const path = newPath('other.db');
    const database = new Database(path);
    database.exec('CREATE TABLE other (id INTEGER)');
    database.close();
    const before = await readFile(path);
    const { code, stderr } = await refused([command, `sqlite:${path}`, ...words]);
    expect(code).toBe(3);
    expect(stderr).toContain('no tables hookproof_*');
    expect(await readFile(path)).toEqual(before);
    const text = newPath('notes.txt');
    await writeFile(text, 'no database');
    expect((await refused([command, text, ...words])).stderr).toContain('is not an SQLite database');
    expect((await refused([command, dirname(text), ...words])).stderr).toContain('is a folder');
  });
});

it('a SQLite file may be named in every usual way', async () => {
  const { store, place, options } = engines[0]?.[1]() ?? expect.unreachable();
  const app = appOn({ store, place, options });
  await app.deliver(revoked('evt_1'));
  const spaced = newPath('my inbox.db');
  await app.close();
  await copyFile(store, spaced);
  for (const name of [
    store,
    `sqlite:${store}`,
    `file:${store}`,
    pathToFileURL(store).href,
    pathToFileURL(spaced).href,
  ]) {
    expect((await hookproof(['inbox', 'counts', name])).stdout).toMatch(/waiting +1\n/);
  }
});

it('wrong words and options are refused before anything is opened', async () => {
  const path = newPath();
  const cases: readonly (readonly [words: readonly string[], says: string])[] = [
    [['list'], 'HOOKPROOF_INBOX'],
    [['show', path], 'Which delivery?'],
    [['list', 'mysql://host/db'], 'not a store of an inbox'],
    [['list', path, '--schema', 'x'], '--schema is for PostgreSQL'],
    [['list', path, '--prefix', 'x'], '--prefix is for Redis'],
    [['list', 'redis://h', '--schema', 'x'], '--schema is for PostgreSQL'],
    [['list', 'postgres://h/d', '--prefix', 'x'], '--prefix is for Redis'],
    [['list', path, '--since', 'yesterday'], '30m, 24h, 7d'],
    [['list', path, '--since', '2026-02-31'], '30m, 24h, 7d'],
    [['list', path, '--before', '99999w'], '30m, 24h, 7d'],
    [['list', path, '--limit', '-1'], '0 for all'],
    [['list', 'redis://h', '--prefix', ''], 'prefix must be'],
    [['list', 'postgres://h/d', '--schema', 'No "where'], 'schema must be'],
    [['list', path, '--state', 'lost'], 'Allowed choices'],
    [['show', path, '1', '--raw', '--json'], 'cannot be used with'],
  ];
  for (const [words, says] of cases) {
    const { code, stderr } = await refused(words);
    expect([words, code, stderr]).toEqual([words, 2, expect.stringContaining(says)]);
  }
});

it.each([`postgres://app:${password}@h/db`, `redis://app:${password}@h:x/0`])(
  'a URL that cannot be read is not repeated',
  async (url) => {
    const { code, stderr } = await refused(['list', url]);
    expect(code).toBe(2);
    expect(stderr).toContain('%40 for an @');
  },
);

it.each([
  ['quotes, as in a file of variables', `"postgres://app:${password}@db/app"`],
  ['space', ` postgres://app:${password}@db/app`],
  ['no slashes', `postgres:app:${password}@db/app`],
  ['one slash', `postgres:/app:${password}@db/app`],
  ['no slashes for Redis', `redis:${password}@db`],
  ['no scheme', `app:${password}@db/app`],
  ['a slash in it', `postgres://app:12345/${password}@db/app`],
  ['a slash and an @ in it', `postgres://app:p@${password}/x@127.0.0.1/app`],
  ['sqlite: before it', `sqlite:postgres://app:${password}@db/app`],
])('a password in a store that is written wrongly is not repeated: %s', async (_what, store) => {
  for (const more of [[], ['--json']]) {
    const { code, stderr, stdout } = await hookproof(['inbox', 'counts', ...more], { env: { HOOKPROOF_INBOX: store } });
    expect([code, (stderr + stdout).includes(password)]).toEqual([2, false]);
  }
});

it('a copy that is not in WAL mode is not opened, because that would change it', async () => {
  const path = newPath();
  const database = openDatabase(path);
  database.exec('CREATE TABLE hookproof_schema (a); CREATE TABLE hookproof_deliveries (a)');
  database.close();
  const before = await readFile(path);
  const { code, stderr } = await refused(['counts', path]);
  expect([code, stderr]).toEqual([3, expect.stringContaining('would change it')]);
  expect(await readFile(path)).toEqual(before);
});

it('a password on the command line gets a warning, in the environment none', async () => {
  const port = await closedPort();
  for (const url of [
    `postgres://app:${encoded}@127.0.0.1:${port}/db`,
    `postgres://app@127.0.0.1:${port}/db?password=${encoded}`,
    `redis://app:${encoded}@127.0.0.1:${port}/0`,
  ]) {
    const given = await refused(['counts', url]);
    expect(given.stderr).toMatch(/^Warning: the password .* HOOKPROOF_INBOX\.\n/);
    expect(given.stderr).toContain('out of reach: nothing listens');
    expect(given.code).toBe(3);
    const { stderr } = await refused(['counts'], { HOOKPROOF_INBOX: url });
    expect(stderr).not.toContain('Warning');
  }
});

it('a server that never answers is waited for only so long', { timeout: 60_000 }, async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets: { destroy(): unknown }[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const { port } = server.address() as AddressInfo;
  const ended = await Promise.all(
    ['postgres', 'redis'].map((scheme) => refused(['list', `${scheme}://app:${encoded}@127.0.0.1:${port}/0`])),
  );
  for (const { code, stderr } of ended) {
    expect(code).toBe(3);
    expect(stderr).toContain('no answer within 5 s');
  }
  for (const socket of sockets) socket.destroy();
  server.close();
});

it('what listens and is no Redis is said to be none', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')).on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await refused(['list', `redis://127.0.0.1:${port}`]);
  expect([code, stderr]).toEqual([3, expect.stringMatching(/out of reach: what listens there is no Redis.*\nCheck/)]);
  server.close();
});

/**
 * Root may write everything, by this capability. Another user in its place could not read what the program consists of
 * where this repository is in a folder for root alone; the capability to read everything stays.
 */
const writingOnlyWhatIsPermitted = process.geteuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override'] : [];

it.each([
  // What SQLite says of a file with a log beside it is not what it says of one without.
  ['with', ['', '-wal']],
  ['without', ['']],
] as const)(
  'a SQLite file that this user may not write, %s a log, is said to be, with who may look',
  { timeout: 60_000 },
  async (_, ends) => {
    const folder = mkdtempSync(join(tmpdir(), 'hookproof-readonly-'));
    try {
      const { store, place, options } = engines[0]?.[1]() ?? expect.unreachable();
      await appOn({ store, place, options }).deliver(revoked('evt_1'));
      const path = join(folder, 'webhooks.db');
      if (ends.length === 1) new Database(store).exec('PRAGMA wal_checkpoint(TRUNCATE)');
      // A copy: this process has the other one open.
      for (const end of ends) await copyFile(store + end, path + end);
      await chmod(path, 0o444);
      await chmod(folder, 0o555);
      const { code, stdout, stderr } = await hookproofProcess(['inbox', 'list', path], {}, writingOnlyWhatIsPermitted);
      expect([code, stdout, stderr]).toEqual([
        3,
        '',
        expect.stringMatching(/this user may not write it\.\nSQLite writes .*sudo -u/),
      ]);
    } finally {
      await chmod(folder, 0o755);
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

describe.skipIf(postgres === undefined)('PostgreSQL', { timeout: 60_000 }, () => {
  const { url = '', port = 0 } = postgres ?? {};
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  afterAll(() => pool.end());

  /** All schemas and tables that there are. */
  async function tables(database = pool): Promise<unknown[]> {
    const { rows } = await database.query('SELECT schemaname, tablename FROM pg_tables ORDER BY 1, 2');
    return rows;
  }

  it('in a database without an inbox nothing is made', async () => {
    await pool.query('CREATE DATABASE empty');
    const empty = new pg.Pool({ connectionString: url.replace(/postgres$/, 'empty'), max: 1 });
    const before = await tables(empty);
    for (const command of [['list'], ['counts'], ['replay', '--all'], ['prune'], ['discard', '--all', '--yes']]) {
      const { code, stderr } = await refused([
        command[0] ?? '',
        url.replace(/postgres$/, 'empty'),
        ...command.slice(1),
      ]);
      expect(code).toBe(3);
      expect(stderr).toContain('no inbox in the schema "hookproof"');
    }
    expect(await tables(empty)).toEqual(before);
    await empty.end();
  });

  it('a wrong schema is said, and nothing is made', async () => {
    const store = engines.find(([name]) => name === 'postgres')?.[1]() ?? expect.unreachable();
    const app = appOn(store);
    await app.deliver(revoked('evt_1'));
    await app.work();
    const [, schema = ''] = store.options;
    const before = await tables();
    const wrongSchema = await refused(['list', url, '--schema', 'nowhere']);
    expect(wrongSchema.stderr).toContain(`There is one in`);
    expect(wrongSchema.stderr).toContain(`"${schema}"`);
    expect(await tables()).toEqual(before);
    expect(await app.inbox.counts()).toMatchObject({ dead: 1, waiting: 0 });
  });

  it('tables of another version are left as they are', async () => {
    const store = engines.find(([name]) => name === 'postgres')?.[1]() ?? expect.unreachable();
    const app = appOn(store);
    await app.deliver(revoked('evt_1'));
    const [, schema = ''] = store.options;
    const older = async (table: string, set: string) => {
      const { rows: before } = await pool.query(`SELECT version FROM ${table}`);
      await pool.query(`UPDATE ${table} SET version = ${set}`);
      try {
        for (const words of [['list'], ['prune']]) {
          const { code, stderr } = await refused([...words, url, ...store.options]);
          expect([code, stderr]).toEqual([3, expect.stringContaining('another version')]);
        }
        const { rows } = await pool.query(`SELECT version FROM ${table}`);
        expect(rows).toEqual([{ version: Number(set) }]);
      } finally {
        await pool.query(`UPDATE ${table} SET version = ${before[0].version}`);
      }
    };
    await older(`${schema}.inbox_version`, '0');
    expect((await app.cli('list')).code).toBe(0);
  });

  it('a password that is wanted and not given is said, and the process ends though the server waits for it', async () => {
    await pool.query(`CREATE ROLE unnamed LOGIN PASSWORD 'another'`);
    // Longer than this test may take: a connection that is left open to it would hold the process.
    await pool.query(`ALTER SYSTEM SET authentication_timeout = '600s'`);
    const { rows } = await pool.query('SHOW hba_file');
    await pool.query(
      `COPY (VALUES ('host all unnamed all scram-sha-256'), ('host all all all trust'), ('local all all trust')) TO '${rows[0].hba_file}'`,
    );
    await pool.query('SELECT pg_reload_conf()');
    const ended = await hookproofProcess(['inbox', 'list'], {
      HOOKPROOF_INBOX: `postgres://unnamed@127.0.0.1:${port}/postgres`,
      PGPASSWORD: '',
    });
    expect([ended.code, ended.stderr]).toEqual([
      3,
      expect.stringMatching(/it wants a password\.\nPut it .*PGPASSWORD/),
    ]);
  });

  it('a wrong password, user or database is said without the password', async () => {
    await pool.query(`CREATE ROLE secured LOGIN PASSWORD 'another'`);
    const { rows } = await pool.query('SHOW hba_file');
    await pool.query(
      `COPY (VALUES ('host all secured all scram-sha-256'), ('host all all all trust'), ('local all all trust')) TO '${rows[0].hba_file}'`,
    );
    await pool.query('SELECT pg_reload_conf()');
    const wrong = await refused(['list', `postgres://secured:${encoded}@127.0.0.1:${port}/postgres`]);
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('the password is wrong')]);
    const nobody = await refused(['list', `postgres://nobody:${encoded}@127.0.0.1:${port}/postgres`, '--json']);
    expect([nobody.code, nobody.stderr]).toEqual([3, expect.stringContaining('"code":"refused"')]);
    const nowhere = await refused(['list', `postgres://postgres:${encoded}@127.0.0.1:${port}/nowhere`]);
    expect([nowhere.code, nowhere.stderr]).toEqual([3, expect.stringContaining('no database of this name')]);
  });
});

describe.skipIf(redis === undefined)('Redis', { timeout: 60_000 }, () => {
  const { url = '', port = 0 } = redis ?? {};
  const client = new Redis(url, { lazyConnect: true });
  afterAll(() => client.disconnect());

  it('without keys under the prefix it says so, and makes none', async () => {
    for (const command of [['list'], ['counts'], ['replay', '--all'], ['prune'], ['discard', '--all', '--yes']]) {
      const { code, stderr } = await refused([command[0] ?? '', url, ...command.slice(1), '--prefix', 'nowhere']);
      expect(code).toBe(3);
      expect(stderr).toContain('keys that begin with "nowhere:"');
    }
    expect(await client.keys('nowhere*')).toEqual([]);
  });

  it.each([
    ['/99', 3, 'there is no database 99.'],
    ['/-1', 3, 'there is no database -1.'],
    ['?db=99', 3, 'there is no database 99.'],
    ['/abc', 2, 'abc is not the number of a database.'],
    ['?db=abc', 2, 'abc is not the number of a database.'],
    ['/1x', 2, '1x is not the number of a database.'],
  ])('%s is no database, and nothing is done to another', async (end, exit, says) => {
    const store = engines.find(([name]) => name === 'redis')?.[1]() ?? expect.unreachable();
    const app = appOn(store);
    await app.deliver(revoked('evt_1'));
    await app.work();
    for (const command of [['list'], ['discard', '--all', '--yes']]) {
      const [name = '', ...rest] = command;
      const { code, stderr } = await refused([name, `${url}${end}`, ...rest, ...store.options]);
      expect([code, stderr]).toEqual([exit, expect.stringContaining(says)]);
    }
    expect(await app.inbox.counts()).toMatchObject({ dead: 1 });
  });

  it('a database that is there is the one that is looked into', async () => {
    const inOther = { engine: 'redis', url: `${url}/1`, prefix: 'other' } as const;
    const app = appOn({ place: inOther, store: inOther.url, options: ['--prefix', 'other'] });
    await app.deliver(revoked('evt_1'));
    expect((await app.cli('counts')).stdout).toMatch(/waiting +1\n/);
    expect((await refused(['counts', url, '--prefix', 'other'])).code).toBe(3);
  });

  it('a wrong password is said without it', async () => {
    await client.call('ACL', 'SETUSER', 'secured', 'on', '>another', '~*', '+@all');
    const wrong = await refused(['list', `redis://secured:${encoded}@127.0.0.1:${port}/0`]);
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('the user or the password is wrong')]);
    await client.call('ACL', 'SETUSER', 'shy', 'on', 'nopass', '~*', '+@connection', '+info');
    const shy = await refused(['list', `redis://shy:${encoded}@127.0.0.1:${port}/0`]);
    expect([shy.code, shy.stderr]).toEqual([3, expect.stringContaining('may not read or change the inbox')]);
  });
});

describe('a package that is not installed', { timeout: 60_000 }, () => {
  /** Runs a command in a process in which a package cannot be found. */
  async function without(name: string, words: readonly string[]) {
    const hook = newPath(`${name}.mjs`);
    await mkdir(dirname(hook), { recursive: true });
    const resolve = `export const resolve = (name, context, next) => name === ${JSON.stringify(name)}
      ? Promise.reject(Object.assign(new Error("Cannot find package '" + name + "'"), { code: 'ERR_MODULE_NOT_FOUND' }))
      : next(name, context);`;
    await writeFile(
      hook,
      `import { register } from 'node:module';
      register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(resolve)}`)});`,
    );
    return hookproofProcess(['inbox', ...words], { NODE_OPTIONS: `--import=${pathToFileURL(hook).href}` });
  }

  it.each([
    ['pg', 'postgres://h/d', 'pg'],
    ['ioredis', 'redis://h', 'ioredis bullmq'],
    ['bullmq', 'redis://h', 'ioredis bullmq'],
  ])('%s is named with how to install it, in the app or globally', async (name, store, packages) => {
    const { code, stderr } = await without(name, ['list', store]);
    expect(code).toBe(3);
    expect(stderr).toContain(`the package ${name}, which is not installed beside @hookproof/cli`);
    expect(stderr).toContain('of your app, which has it: npm install --save-dev @hookproof/cli, then npx');
    expect(stderr).toContain(`npm install ${packages}\n`);
    expect(stderr).toContain(`globally: npm install --global ${packages}\n`);
  });

  it.skipIf(process.getBuiltinModule('node:sqlite') !== undefined)(
    'so is libsql, which newer Nodes need not',
    async () => {
      const store = engines[0]?.[1]() ?? expect.unreachable();
      await appOn(store).deliver(revoked('evt_1'));
      const { code, stderr } = await without('libsql', ['list', store.store]);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /package libsql, which is not installed beside[\s\S]*install --global libsql\nNode 22\.13/,
      );
      expect(stderr).not.toContain('better-sqlite3');
    },
  );
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

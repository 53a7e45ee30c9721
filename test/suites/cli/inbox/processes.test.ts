import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { run } from '@hookproof/cli';
import Database from 'libsql';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startPostgres, startRedis } from '../../inbox/servers.ts';
import { program } from '../hookproof.ts';
import { openApp } from './app.ts';
import { appOn, engines, newPath, type StoreUnderTest } from './stores.ts';

const neverStopped = new AbortController().signal;
const appProcess = fileURLToPath(new URL('app-process.ts', import.meta.url));

/** An app in another process, and what it told so far. */
async function startApp({ place }: StoreUnderTest) {
  const child = fork(appProcess, [JSON.stringify(place)], {
    execArgv: ['--conditions=@hookproof/source', '--import', 'tsx'],
  });
  const told: string[] = [];
  child.on('message', (message) => told.push(String(message)));
  const until = (what: readonly string[]) => vi.waitFor(() => expect(told).toEqual(what), { timeout: 30_000 });
  await until(['up']);
  const stop = async () => {
    child.disconnect();
    await once(child, 'exit');
  };
  return { send: (message: string) => child.send(message), until, stop };
}

describe.each(engines)('hookproof inbox beside an app on %s', { timeout: 60_000 }, (_engine, newStore) => {
  it('a dead letter that is replayed after the correction is handled by the running app', async () => {
    const store = newStore();
    const { cli } = appOn(store);
    const app = await startApp(store);
    try {
      app.send('evt_1');
      await app.until(['up', '202', 'retried', 'dead']);
      expect((await cli('counts', ['--fail-if-dead'])).code).toBe(1);
      const [dead] = (await cli('list', ['--state', 'dead', '--json'])).records();
      expect(dead).toMatchObject({ key: 'evt_1', error: { message: 'Error: the disk is full' } });
      app.send('correct');
      expect((await cli('replay', [String(dead?.['id'])])).code).toBe(0);
      await app.until(['up', '202', 'retried', 'dead', 'handled']);
      expect((await cli('counts', ['--json'])).records()).toEqual([{ waiting: 0, working: 0, handled: 1, dead: 0 }]);
    } finally {
      await app.stop();
    }
  });
});

describe.each([
  ['postgres', startPostgres],
  ['redis', startRedis],
] as const)('a list from %s', { timeout: 60_000 }, (engine, startServer) => {
  it('ends with 3 when the server goes away, and says so', async ({ skip }) => {
    const server = await startServer();
    if (server === undefined) return skip();
    const url = server.url.replace('postgres@', 'postgres:pass@');
    const place = engine === 'redis' ? ({ engine, url, prefix: 'hookproof' } as const) : ({ engine, url } as const);
    const app = openApp(place, () => undefined);
    const body = new Uint8Array();
    const some = {
      name: 'shop',
      owner: undefined,
      key: undefined,
      type: undefined,
      lane: undefined,
      headers: new Map(),
      body,
    };
    await Promise.all(Array.from({ length: 1_500 }, () => app.inbox.accept(some)));
    await app.close();
    const stdout = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        server.stop().then(() => done(), done);
      },
    });
    let said = '';
    const stderr = new Writable({
      write(chunk, _encoding, done) {
        said += String(chunk);
        done();
      },
    });
    const terminal = { stdin: process.stdin, stdout, stderr, env: { HOOKPROOF_INBOX: url }, signal: neverStopped };
    expect(await run(['inbox', 'list', '--json'], terminal)).toBe(3);
    expect(JSON.parse(said)).toMatchObject({
      error: { code: engine === 'redis' ? 'inbox_unavailable' : 'unreachable' },
    });
    expect(said).not.toContain(':pass');
  });
});

describe('a long list', { timeout: 60_000 }, () => {
  const path = newPath('long.db');
  const count = 100_000;

  beforeAll(async () => {
    await appOn({ place: { engine: 'sqlite', path }, store: path, options: [] }).close();
    const database = new Database(path);
    database.exec(`
      WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
      INSERT INTO hookproof_deliveries
        (name, key, type, in_lane, parked, state, attempts, received_at, due_from, due_at, finished_at, error_code, error_message)
      SELECT 'grantex', 'evt_' || n, 'grant.revoked', 0, 0, 'dead', 8, n, n, n, n, 'handler_failed', 'Error: it failed' FROM numbers`);
    database.close();
  });

  const start = (...words: readonly string[]) => {
    const child = spawn(process.execPath, [...program, 'inbox', 'list', path, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, ended: once(child, 'exit'), stderr: text(child.stderr) };
  };

  it('ends with 130 at Ctrl-C, in the middle', async () => {
    const { child, ended, stderr } = start('--json');
    const lines = { count: 0 };
    await once(child.stdout, 'readable');
    child.kill('SIGINT');
    for await (const chunk of child.stdout) lines.count += String(chunk).split('\n').length - 1;
    expect(await ended).toEqual([130, null]);
    expect(lines.count).toBeLessThan(count);
    expect(await stderr).toBe('');
  });

  it('stops with the line that was begun', async () => {
    const stopping = new AbortController();
    let lines = 0;
    const stdout = new Writable({
      write(_chunk, _encoding, done) {
        lines += 1;
        stopping.abort('SIGINT');
        done();
      },
    });
    const { stdin, stderr, env } = process;
    expect(await run(['inbox', 'list', path, '--json'], { stdin, stdout, stderr, env, signal: stopping.signal })).toBe(
      130,
    );
    expect(lines).toBe(1);
  });

  it.each([['--json'], ['--limit=0']])('ends quietly when nobody reads the rest, with %s', async (option) => {
    const { child, ended, stderr } = start(option);
    await once(child.stdout, 'readable');
    child.stdout.destroy();
    expect(await ended).toEqual([0, null]);
    expect(await stderr).toBe('');
  });

  it.each([
    ['--json', count],
    ['--limit=10000', 10_000],
  ])('waits for who reads slowly, with %s', async (option, rows) => {
    let [lines, most, listeners] = [0, 0, 0];
    const stdout = new Writable({
      highWaterMark: 4_096,
      write(chunk, _encoding, done) {
        lines += String(chunk).split('\n').length - 1;
        most = Math.max(most, stdout.writableLength);
        listeners = Math.max(listeners, stdout.listenerCount('close'), stdout.listenerCount('error'));
        setImmediate(done);
      },
    });
    const { stdin, env } = process;
    const terminal = { stdin, stdout, stderr: process.stderr, env, signal: neverStopped };
    expect(await run(['inbox', 'list', path, option], terminal)).toBe(0);
    stdout.end();
    await once(stdout, 'finish');
    expect(lines).toBeGreaterThanOrEqual(rows);
    expect(most).toBeLessThan(16_384);
    expect(listeners).toBeLessThan(10);
  });

  it('a long replay ends at Ctrl-C with the step that was begun', async () => {
    const stopping = new AbortController();
    const { cli, inbox } = appOn({ place: { engine: 'sqlite', path }, store: path, options: [] });
    const replayed = cli('replay', ['--all'], { signal: stopping.signal });
    await vi.waitFor(async () => expect((await inbox.counts()).waiting).toBeGreaterThan(0), {
      timeout: 30_000,
      interval: 1,
    });
    stopping.abort('SIGINT');
    expect(await replayed).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/^Stopped\..* hookproof inbox counts /),
    });
    const { waiting, dead } = await inbox.counts();
    expect(waiting + dead).toBe(count);
    expect(dead).toBeGreaterThan(0);
  });
});

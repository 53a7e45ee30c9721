import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'hookproof-processes-'));
const program = fileURLToPath(new URL('sqlite-child.ts', import.meta.url));
const children: ChildProcess[] = [];
let files = 0;

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const newFile = () => join(folder, `${files++}.db`);

/** Starts a process, and returns how to tell it something; what it answers is `done` or an error. */
async function start(): Promise<(order: string) => Promise<string>> {
  const child = fork(program, { execArgv: ['--conditions=@hookproof/source', '--import', 'tsx'] });
  children.push(child);
  await once(child, 'message');
  return async (order) => {
    const answer = once(child, 'message');
    child.send(order);
    return String((await answer)[0]);
  };
}

describe('processes that start together on a file that is not there yet', { timeout: 120_000 }, () => {
  it.each(['handle', 'libsql', 'path'])('all start, by %s', async (by) => {
    const paths = Array.from({ length: 5 }, newFile);
    const processes = await Promise.all(Array.from({ length: 6 }, () => start()));
    for (const path of paths) {
      expect(await Promise.all(processes.map((tell) => tell(`${by} ${path}`)))).toEqual(Array(6).fill('done'));
      expect(await Promise.all(processes.map((tell, index) => tell(`accept ${index}`)))).toEqual(Array(6).fill('done'));
      expect(await Promise.all(processes.map((tell) => tell('close')))).toEqual(Array(6).fill('done'));
    }
  });
});

describe('a file that a process opens twice', { timeout: 60_000 }, () => {
  it('keeps what is stored when another process comes and goes', async () => {
    const path = newFile();
    const [app, other] = await Promise.all([start(), start()]);
    expect(await app(`path ${path}`)).toBe('done');
    expect(await app('accept before')).toBe('done');
    // Whoever closes a file, closes the locks of the whole process on it.
    expect(await app(`beside ${path}`)).toBe('done');
    expect(await other(`visit ${path}`)).toBe('done');
    expect(await app('accept after')).toBe('done');
    const inbox = sqliteInbox({ path, work: false });
    const keys: string[] = [];
    for await (const { key } of inbox.list()) keys.push(key);
    await inbox.close();
    expect(keys).toEqual(['before', 'after']);
  });
});

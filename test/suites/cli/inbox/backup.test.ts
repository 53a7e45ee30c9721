import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { describe, expect, it, vi } from 'vitest';
import { closeAfterEach, ownFolder } from '../../closing.ts';
import { hookproofProcess } from '../hookproof.ts';

const open = closeAfterEach();

function newPath(): string {
  return join(ownFolder(open, "hookproof-backup's-"), 'webhooks.db');
}

function openInbox(path: string) {
  const inbox = sqliteInbox({ path, work: false, onError: () => undefined });
  open.push(() => inbox.close());
  const accept = (key: string) =>
    inbox.accept({
      name: 'a',
      key,
      type: 't',
      owner: undefined,
      lane: undefined,
      headers: new Map(),
      body: new Uint8Array(2_000),
    });
  return { inbox, accept };
}

/** A file with deliveries that no process has open any more. */
async function closedInbox(path: string, keys: readonly string[]): Promise<void> {
  const { accept, inbox } = openInbox(path);
  await Promise.all(keys.map(accept));
  await inbox.close();
  // What a driver lets go only with its garbage would still count as open.
  await vi.waitFor(() => expect(existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0).toBe(false));
}

async function keysIn(path: string): Promise<readonly string[]> {
  const { inbox } = openInbox(path);
  const keys: string[] = [];
  for await (const { key } of inbox.list()) keys.push(key);
  return keys;
}

const cli = (...words: readonly string[]) => hookproofProcess(['inbox', ...words]);
const names = (path: string) => readdirSync(join(path, '..')).sort();

describe('hookproof inbox backup', { timeout: 60_000 }, () => {
  it('copies an inbox that is in use, with what is in its log, for its owner alone', async () => {
    const path = newPath();
    const { accept } = openInbox(path);
    await Promise.all(Array.from({ length: 300 }, (_, n) => accept(`k${n}`)));
    const running = cli('backup', path, `${path}.backup`, '--json');
    for (let n = 300; n < 400; n += 1) await accept(`k${n}`);
    const { code, stdout, stderr } = await running;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const told = JSON.parse(stdout);
    expect(told.waiting).toBeGreaterThanOrEqual(300);
    expect(statSync(`${path}.backup`).mode & 0o777).toBe(0o600);
    expect(told.bytes).toBe(statSync(`${path}.backup`).size);
    expect(await keysIn(`${path}.backup`)).toHaveLength(told.waiting);
  });

  it('leaves a file as it is that is there, unless --force, and never replaces the inbox or one in use', async () => {
    const path = newPath();
    const { accept } = openInbox(path);
    await accept('one');
    writeFileSync(`${path}.backup`, 'mine');
    const kept = await cli('backup', path, `${path}.backup`);
    expect(kept.code).toBe(3);
    expect(kept.stderr).toMatch(/is there already.*\n.*--force/);
    expect(readFileSync(`${path}.backup`, 'utf8')).toBe('mine');
    expect((await cli('backup', path, path, '--force')).stderr).toContain('is the inbox itself');
    const other = openInbox(`${path}.other`);
    await other.accept('two');
    expect((await cli('backup', path, `${path}.other`, '--force')).stderr).toContain('is a database in use');
    expect((await cli('backup', path, `${path}.backup`, '--force')).code).toBe(0);
    expect(await keysIn(`${path}.backup`)).toEqual(['one']);
    expect(names(path).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('refuses a file that has no inbox or is damaged, and names the tools of the other stores', async () => {
    const path = newPath();
    expect((await cli('backup', path, `${path}.backup`)).stderr).toContain('There is no file');
    await closedInbox(
      path,
      Array.from({ length: 100 }, (_, n) => `k${n}`),
    );
    const bytes = readFileSync(path);
    bytes.fill(0x55, 3 * 4096, 12 * 4096);
    writeFileSync(path, bytes);
    const spoilt = await cli('backup', path, `${path}.backup`);
    expect(spoilt.code).toBe(3);
    expect(spoilt.stderr).toMatch(/malformed|damaged/);
    expect(names(path).filter((name) => name.includes('backup'))).toEqual([]);
    expect((await cli('backup', 'postgres://localhost/app', 'a.db')).stderr).toContain('pg_dump');
  });
});

describe('hookproof inbox restore', { timeout: 60_000 }, () => {
  it('refuses while another process has the file open, and changes nothing', async () => {
    const path = newPath();
    await closedInbox(path, ['one']);
    expect((await cli('backup', path, `${path}.backup`)).code).toBe(0);
    const { accept, inbox } = openInbox(path);
    await accept('two');
    const refused = await cli('restore', path, `${path}.backup`, '--yes');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/open in another process; nothing was done.*\n.*Stop the app/);
    await accept('three');
    expect(await inbox.counts()).toMatchObject({ waiting: 3 });
    expect(names(path).filter((name) => /partial|before/.test(name))).toEqual([]);
  });

  it('puts a backup in place of a file with a log that a killed process left, keeps both, and tells the counts', async () => {
    const path = newPath();
    await closedInbox(`${path}.source`, ['one', 'two']);
    expect((await cli('backup', `${path}.source`, `${path}.backup`)).code).toBe(0);
    // What a killed process leaves: the file, and a log with what came last.
    const running = openInbox(`${path}.running`);
    await Promise.all(Array.from({ length: 50 }, (_, n) => running.accept(`late ${n}`)));
    for (const end of ['', '-wal']) writeFileSync(path + end, readFileSync(`${path}.running${end}`));
    const restored = await cli('restore', path, `${path}.backup`, '--yes', '--json');
    expect(restored.stderr).toBe('');
    const { restored: counts, kept } = JSON.parse(restored.stdout);
    expect(counts).toEqual({ waiting: 2, working: 0, handled: 0, dead: 0 });
    expect(names(path)).not.toContain('webhooks.db-wal');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await cli('counts', path, '--json')).stdout).toBe('{"waiting":2,"working":0,"handled":0,"dead":0}\n');
    expect(await keysIn(path)).toEqual(['one', 'two']);
    expect(await keysIn(kept)).toHaveLength(50);
    expect(existsSync(`${path}.backup`)).toBe(true);
  });

  it('asks first, and wants --force where the file is damaged', async () => {
    const path = newPath();
    await closedInbox(path, ['one']);
    expect((await cli('backup', path, `${path}.backup`)).code).toBe(0);
    expect((await cli('restore', path, `${path}.backup`)).stderr).toContain('--yes');
    writeFileSync(path, 'no database, and long enough to be taken for one'.repeat(100));
    writeFileSync(`${path}-wal`, 'an old log');
    const refused = await cli('restore', path, `${path}.backup`, '--yes');
    expect(refused.stderr).toMatch(/cannot be read.*nothing was done.*\n.*--force/);
    expect(readFileSync(path, 'utf8')).toContain('no database');
    expect((await cli('restore', path, `${path}.backup`, '--yes', '--force')).code).toBe(0);
    expect(await keysIn(path)).toEqual(['one']);
    const spoilt = names(path).find((name) => /before-[\dTZ]+$/.test(name)) ?? '';
    expect(readFileSync(join(path, '..', spoilt), 'utf8')).toContain('no database');
  });

  it('of a file that is gone needs no stop: the running app goes on with the backup', async () => {
    const path = newPath();
    const { accept, inbox } = openInbox(path);
    await accept('one');
    expect((await cli('backup', path, `${path}.backup`)).code).toBe(0);
    await accept('two');
    renameSync(path, `${path}.gone`);
    await expect(accept('three')).rejects.toThrow(/hookproof inbox restore/);
    expect((await cli('restore', path, `${path}.backup`)).code).toBe(0);
    await vi.waitFor(() => accept('three'), { timeout: 10_000, interval: 200 });
    expect(await inbox.counts()).toMatchObject({ waiting: 2 });
    expect(await keysIn(path)).toEqual(['one', 'three']);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { installCopies, installProgram } from './install.ts';

// Three processes are started one after the other.
vi.setConfig({ testTimeout: 60_000 });

// An app may have two copies of core: its own, and that of an adapter or inbox of another version.
const app = mkdtempSync(join(tmpdir(), 'hookproof-copies-'));

beforeAll(() => installCopies(app, ['express', 'inbox', 'testing'], ['express', 'libsql', 'zod']));
afterAll(() => rmSync(app, { recursive: true, force: true }));

const coreOf = (folder: string) =>
  pathToFileURL(join(app, 'node_modules/@hookproof', folder, 'node_modules/@hookproof/core/src/index.ts')).href;

const loader = ['--conditions=@hookproof/source', '--import', 'tsx'];

function start(program: string, ...words: string[]): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, [...loader, installProgram(app, program), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function next(lines: AsyncIterator<string>): Promise<unknown> {
  return JSON.parse((await lines.next()).value);
}

it('body_consumed of an adapter is 500 body_consumed in a receiver of another core, and not 400 body_incomplete', async () => {
  const { lines } = start('express-app.ts', coreOf('express'));
  const { port } = Object(await next(lines));
  for (const path of ['/adapter', '/own']) {
    const headers = { 'content-type': 'application/json', 'x-grantex-signature': `sha256=${'0'.repeat(64)}` };
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: '{}' });
    expect([path, reply.status, Object(await reply.json()).code]).toEqual([path, 500, 'body_consumed']);
    // What the app's own `instanceof` says of an error that the adapter's core has made.
    expect(await next(lines)).toEqual({ outcome: 'body_consumed', isOurs: true });
  }
});

it('body_too_large of an adapter is 413 in a receiver of another core, and not 400 body_incomplete', async () => {
  const { lines } = start('express-app.ts', coreOf('express'));
  const { port } = Object(await next(lines));
  // Without a length, so that it is the adapter's reader that counts.
  const upload = { method: 'POST', body: new Blob(['more than ten bytes']).stream(), duplex: 'half' };
  const reply = await fetch(`http://127.0.0.1:${port}/own-reader`, upload);
  expect([reply.status, Object(await reply.json()).code]).toEqual([413, 'body_too_large']);
  expect(await next(lines)).toEqual({ outcome: 'body_too_large', isOurs: true });
});

it('worker_lost of an inbox is buried as such by a receiver of another core', async () => {
  const path = join(app, 'webhooks.db');
  const { child } = start('inbox-app.ts', 'die', path, coreOf('inbox'));
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  const { lines } = start('inbox-app.ts', 'work', path, coreOf('inbox'));
  expect(await next(lines)).toEqual({ outcome: 'dead', code: 'worker_lost', isOurs: true });
});

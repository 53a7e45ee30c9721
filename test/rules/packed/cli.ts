import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { exitCode, run } from '@hookproof/cli';
import { createReceiver, grantiva } from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { originOf, secret } from './deliver.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookproof-packed-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs what npm has installed as a command. */
function hookproof(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = join('node_modules', '.bin', 'hookproof');
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(command, argv, { env: { ...process.env, ...env } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

async function listening(listener: RequestListener) {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { origin: originOf(server), close: () => server.close() };
}

test('help, version, a wrong command line, and completion', async () => {
  const { version } = JSON.parse(readFileSync('node_modules/@hookproof/cli/package.json', 'utf8')) as {
    version: string;
  };
  assert.deepEqual(await hookproof(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  for (const command of ['send', 'verify', 'endpoints', 'inbox', 'completion']) {
    const { code, stdout } = await hookproof([command, '--help']);
    assert.deepEqual([code, stdout.startsWith(`Usage: hookproof ${command}`)], [0, true]);
  }
  assert.equal((await hookproof(['snd'])).code, exitCode.usage);
  assert.match((await hookproof(['completion', 'bash'])).stdout, /complete -F/);
});

test('send delivers, the inbox holds it, and inbox works on it', async () => {
  const path = join(folder, 'webhooks.db');
  const inbox = sqliteInbox({ path, maxAttempts: 1, work: false });
  const fail = () => {
    throw new Error('the policy engine is down');
  };
  const receiver = createReceiver({ provider: grantiva(), secret, inbox, on: { '*': fail } });
  const { origin, close } = await listening(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const reply = await receiver.receive({ method: request.method, headers: request.headers, body });
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  const env = { HOOKPROOF_SECRET: secret, HOOKPROOF_INBOX: path };
  const sent = await hookproof(['send', 'grantiva', '--count', '3', '--url', `${origin}/hooks`], env);
  assert.deepEqual([sent.code, sent.stdout.includes('3 of 3 delivered')], [0, true], sent.stdout + sent.stderr);
  await inbox.drain();
  close();
  await inbox.close();

  const counts = await hookproof(['inbox', 'counts', '--json'], env);
  assert.deepEqual(JSON.parse(counts.stdout), { waiting: 0, working: 0, handled: 0, dead: 3 });
  const listed = await hookproof(['inbox', 'list', '--state', 'dead', '--json'], env);
  const ids = listed.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  assert.equal(ids.length, 3);
  const [first = '', second = ''] = ids;
  assert.match((await hookproof(['inbox', 'show', path, first])).stdout, /the policy engine is down/);
  assert.equal((await hookproof(['inbox', 'replay', path, first])).code, 0);
  assert.equal((await hookproof(['inbox', 'discard', path, second, '--yes'])).code, 0);
  assert.equal((await hookproof(['inbox', 'prune', path, '--yes'])).code, 0);
  const after = await hookproof(['inbox', 'counts', path, '--json']);
  assert.deepEqual(JSON.parse(after.stdout), { waiting: 1, working: 0, handled: 0, dead: 1 });

  const captured = join(folder, 'captured.http');
  writeFileSync(captured, (await hookproof(['inbox', 'show', path, first, '--as-http'])).stdout);
  assert.equal((await hookproof(['verify', 'grantiva', captured], env)).code, 0);
  const wrong = await hookproof(['verify', 'grantiva', captured, '--json'], { HOOKPROOF_SECRET: `${secret}\n` });
  const { diagnosis } = JSON.parse(wrong.stdout) as { diagnosis: { cause: string } };
  assert.deepEqual([wrong.code, diagnosis.cause], [1, 'secret_newline']);
});

test('endpoints lists, and keeps the secret of what it creates', async () => {
  const one = { id: 'wh_1', url: 'https://example.com/hooks', events: ['grant.revoked'], createdAt: '2026-11-20' };
  const { origin, close } = await listening((request, response) => {
    const created = request.method === 'POST';
    response.writeHead(created ? 201 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(created ? { ...one, secret: 'told once' } : { webhooks: [one] }));
  });
  const env = { GRANTEX_URL: origin, GRANTEX_API_KEY: 'gx_key' };
  assert.match((await hookproof(['endpoints', 'grantex', 'list'], env)).stdout, /wh_1/);
  const path = join(folder, 'grantex.secret');
  const argv = ['create', '--url', one.url, '--events', 'grant.revoked', '--save-secret', path];
  const { code, stdout } = await hookproof(['endpoints', 'grantex', ...argv], env);
  assert.deepEqual([code, stdout.includes('told once'), readFileSync(path, 'utf8')], [0, false, 'told once']);
  close();
});

test('what is missing is named with the command that installs it', async () => {
  const { code, stderr } = await hookproof(['inbox', 'counts', 'redis://127.0.0.1:1']);
  assert.deepEqual([code, stderr.includes('npm install')], [exitCode.failed, true], stderr);
});

test('a provider in TypeScript is read, or told with what reads it', async () => {
  const path = join(folder, 'acme.ts');
  writeFileSync(path, 'const none: number = 1;\nexport default none;\n');
  const { code, stderr } = await hookproof(['send', path]);
  const reads =
    Reflect.get(process.features, 'typescript') !== undefined && Reflect.get(process.features, 'typescript') !== false;
  assert.equal(code, exitCode.usage);
  assert.match(stderr, reads ? /default export/ : /does not read TypeScript(.|\n)*22\.18(.|\n)*--import tsx/);
});

test('as a function', async () => {
  const { stdin, stdout, stderr, env } = process;
  const { signal } = new AbortController();
  assert.equal(await run(['send', 'gravv', '--list', '--json'], { stdin, stdout, stderr, env, signal }), exitCode.ok);
});

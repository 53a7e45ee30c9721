import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { grantex } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The real thing: `next build` and `next start`, with the packages compiled as they are published.
const { resolve } = createRequire(import.meta.url);
const [tsc, next] = [resolve('typescript/bin/tsc'), resolve('next/dist/bin/next')];
const secret = 'a secret for tests';
const cwd = fileURLToPath(new URL('.', import.meta.url));
const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const;

let server: ChildProcess | undefined;
let origin: string;

beforeAll(async () => {
  const run = promisify(execFile);
  await run(process.execPath, [tsc, '-b', '--force', '../../packages/core'], { cwd });
  await run(process.execPath, [next, 'build'], { cwd, env });
  [server, origin] = await start();
}, 180_000);

afterAll(async () => {
  if (server === undefined || server.exitCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
});

async function start(): Promise<[ChildProcess, string]> {
  const args = [next, 'start', '--hostname', '127.0.0.1', '--port', '0'];
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, args, { cwd, env: { ...env, GRANTEX_SECRET: secret }, stdio: [...stdio] });
  for await (const line of createInterface(child.stdout)) {
    const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (found === undefined) continue;
    child.stdout.resume();
    return [child, found];
  }
  throw new Error('next start ended before it was ready');
}

async function deliver(grantId: string, signedWith: string): Promise<[status: number, body: unknown]> {
  const event = { type: 'grant.revoked', data: { grantId, cascade: false } } as const;
  const reply = await fetch(
    `${origin}/webhooks/grantex`,
    await signedDelivery(grantex(), event, { secret: signedWith }),
  );
  return [reply.status, await reply.json()];
}

async function grant(id: string): Promise<unknown> {
  return (await fetch(`${origin}/grants/${id}`)).json();
}

describe('the Next.js example', () => {
  it('revokes a grant', async () => {
    expect(await deliver('grnt_1', secret)).toEqual([200, { outcome: 'handled' }]);
    expect(await grant('grnt_1')).toEqual({ id: 'grnt_1', revoked: true });
  });

  it('handles an event once', async () => {
    const event = { type: 'grant.revoked', data: { grantId: 'grnt_2', cascade: true } } as const;
    const delivery = await signedDelivery(grantex(), event, { secret });
    const replies = [];
    for (const attempt of [delivery, delivery]) {
      replies.push(await (await fetch(`${origin}/webhooks/grantex`, attempt)).json());
    }
    expect(replies).toEqual([{ outcome: 'handled' }, { outcome: 'duplicate' }]);
  });

  it('refuses a forgery, and nothing happens', async () => {
    expect(await deliver('grnt_3', 'guessed')).toMatchObject([401, { code: 'signature_mismatch' }]);
    expect(await grant('grnt_3')).toEqual({ id: 'grnt_3', revoked: false });
  });
});

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { grantex, grantiva } from '@hookproof/core';
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
  await run(process.execPath, [tsc, '-b', '--force', '../../packages/express'], { cwd });
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
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...env, GRANTEX_SECRET: secret, GRANTIVA_SECRET: secret },
    stdio: [...stdio],
  });
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

describe('a route handler of the App Router', () => {
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

describe('an API route of the Pages Router', () => {
  const highRisk = (id: string) => ({ type: 'device.high_risk', data: { device_id: id, risk_score: '91' } }) as const;

  async function post(path: string, init: RequestInit): Promise<unknown> {
    return (await fetch(origin + path, { method: 'POST', ...init })).json();
  }

  async function devices(...ids: string[]): Promise<unknown> {
    return post('/api/devices', { headers: { 'content-type': 'application/json' }, body: JSON.stringify(ids) });
  }

  it('blocks a device once, beside a route whose JSON Next.js parses', async () => {
    const delivery = await signedDelivery(grantiva(), highRisk('device-1'), { secret });
    expect(await post('/api/webhooks/grantiva', delivery)).toEqual({ outcome: 'handled' });
    expect(await post('/api/webhooks/grantiva', delivery)).toEqual({ outcome: 'duplicate' });
    expect(await devices('device-1', 'device-2')).toEqual([
      { id: 'device-1', blocked: true },
      { id: 'device-2', blocked: false },
    ]);
  });

  it('refuses an altered body, and nothing happens', async () => {
    const delivery = await signedDelivery(grantiva(), highRisk('device-3'), { secret });
    const body = new TextDecoder().decode(delivery.body).replace('device-3', 'device-4');
    expect(await post('/api/webhooks/grantiva', { ...delivery, body })).toMatchObject({ code: 'signature_mismatch' });
    expect(await devices('device-3', 'device-4')).toMatchObject([{ blocked: false }, { blocked: false }]);
  });

  it('answers other methods with 405', async () => {
    expect((await fetch(`${origin}/api/webhooks/grantiva`)).status).toBe(405);
  });
});

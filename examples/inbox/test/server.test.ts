import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grantiva } from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { start, startServer } from './start.ts';

const secret = 'a secret for tests';
const program = new URL('../src/server.ts', import.meta.url);
const script = new URL('../src/dead-letters.ts', import.meta.url);
let folder: string;
/** The session service, which answers when the test does. */
let sessions: Server;
const asked: ServerResponse[] = [];
let env: Record<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hookproof-example-'));
  asked.length = 0;
  sessions = createServer((_request, response) => asked.push(response)).listen(0, '127.0.0.1');
  await once(sessions, 'listening');
  const { port } = sessions.address() as AddressInfo;
  env = { DATABASE: join(folder, 'app.db'), GRANTIVA_SECRET: secret, SESSIONS_URL: `http://127.0.0.1:${port}` };
});

afterEach(async () => {
  sessions.closeAllConnections();
  sessions.close();
  rmSync(folder, { recursive: true });
});

async function counts(): Promise<unknown> {
  const inbox = sqliteInbox({ path: String(env['DATABASE']), work: false });
  const counted = await inbox.counts();
  await inbox.close();
  return counted;
}

/** Starts the server and delivers an event, whose handler then waits for the session service. */
async function startWithWork() {
  const server = await startServer(program, env);
  const delivery = await signedDelivery(grantiva(), sampleEvent(grantiva(), 'device.high_risk'), { secret });
  expect((await fetch(`${server.origin}/webhooks/grantiva`, delivery)).status).toBe(202);
  await vi.waitFor(() => expect(asked).toHaveLength(1), 5_000);
  return server;
}

describe('the server', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes what it works on after %s, and ends with 0',
    async (signal) => {
      const server = await startWithWork();
      server.kill(signal);
      await vi.waitFor(() => expect(fetch(server.origin)).rejects.toThrow(), 5_000);
      expect(await counts()).toMatchObject({ working: 1, handled: 0 });

      asked[0]?.end();
      expect(await server.ended).toBe(0);
      expect(await counts()).toEqual({ waiting: 0, working: 0, handled: 1, dead: 0 });
    },
    30_000,
  );

  it('ends at once at the second signal, and has lost nothing', async () => {
    const server = await startWithWork();
    server.kill('SIGINT');
    await vi.waitFor(() => expect(fetch(server.origin)).rejects.toThrow(), 5_000);
    server.kill('SIGTERM');
    expect(await server.ended).toBe('SIGTERM');
    expect(await counts()).toMatchObject({ working: 1, handled: 0 });
  }, 30_000);
});

describe('the script for dead letters', () => {
  async function run(...args: readonly string[]): Promise<string> {
    const running = start(script, args, env);
    expect(await running.ended).toBe(0);
    return running.lines.join('\n');
  }

  /** Stores a body that is no event: there is nothing to try again. */
  async function storeDeadLetter(): Promise<void> {
    const server = await startServer(program, env);
    const delivery = await signedDelivery(grantiva(), { body: '{"device":"no event"}' }, { secret });
    expect((await fetch(`${server.origin}/webhooks/grantiva`, delivery)).status).toBe(202);
    await vi.waitFor(async () => expect(await counts()).toMatchObject({ dead: 1 }), 5_000);
    server.kill('SIGTERM');
    await server.ended;
  }

  it('lists, replays and discards', async () => {
    await storeDeadLetter();
    const line = await run('list');
    expect(line).toMatch(/^1 {2}\S+ {2}- {2}1 attempts {2}invalid_event: /);
    expect(await run('replay', 'handler_failed')).toBe('0 replayed');
    expect(await run('replay', 'invalid_event')).toBe('1 replayed');
    expect(await counts()).toMatchObject({ waiting: 1, dead: 0 });
    expect(await run('discard', '1')).toBe('1 discarded');
    expect(await counts()).toEqual({ waiting: 0, working: 0, handled: 0, dead: 0 });
  }, 30_000);
});

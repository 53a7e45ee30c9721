import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grantiva } from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { signedDelivery } from '@hookproof/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDatabase } from '../src/database.ts';
import { startServer } from './start.ts';

const secret = 'whsec_for_tests';
const event = { type: 'device.high_risk', data: { device_id: 'device-1', risk_score: '91' } } as const;
const delivery = await signedDelivery(grantiva(), event, { secret });
const program = new URL('killed-server.ts', import.meta.url);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookproof-example-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Delivers the event as its sender would, who tries again when the process dies before the reply. */
async function deliver(origin: string): Promise<number | undefined> {
  const reply = await fetch(`${origin}/webhooks/grantiva`, delivery).catch(() => undefined);
  return reply?.status;
}

/** What is in the file: how often the device was blocked, and how often the inbox says that the event was handled. */
async function committed(path: string): Promise<{ blocked: unknown; handled: number }> {
  const database = openDatabase(path);
  const inbox = sqliteInbox({ database, work: false });
  const blocked = database.prepare('SELECT device_id, alarms FROM blocked_devices').all();
  const { handled } = await inbox.counts();
  await inbox.close();
  database.close();
  return { blocked, handled };
}

const both = { blocked: [{ device_id: 'device-1', alarms: 1 }], handled: 1 };
const neither = { blocked: [], handled: 0 };

/** Starts a server that nobody kills, and waits until the event is handled. Returns the statements that it took. */
async function untilHandled(path: string, status: number): Promise<readonly string[]> {
  const server = await startServer(program, { DATABASE: path, SECRET: secret });
  expect(await deliver(server.origin)).toBe(status);
  const handled = async () =>
    expect(await (await fetch(`${server.origin}/inbox`)).json()).toMatchObject({ handled: 1 });
  await vi.waitFor(handled, 10_000);
  server.kill('SIGKILL');
  await server.ended;
  return server.lines.slice(1);
}

it('blocks the device and completes the event together, wherever in between the process is killed', async () => {
  const whole = await untilHandled(join(folder, 'whole.db'), 202);
  const statements = whole.map((line) => line.split(': ')[1]);
  expect([statements.at(0), statements.at(1), statements.at(-1)]).toEqual(['BEGIN', 'INSERT', 'COMMIT']);
  expect(statements.length).toBeGreaterThan(3);

  await Promise.all(
    whole.map(async (statement, index) => {
      const path = join(folder, `killed-${index}.db`);
      const env = { DATABASE: path, SECRET: secret, KILL_AFTER: String(index + 1) };
      const server = await startServer(program, env);
      await deliver(server.origin);
      expect(await server.ended).toBe('SIGKILL');

      expect(await committed(path), `after ${statement}`).toEqual(index === whole.length - 1 ? both : neither);
      await untilHandled(path, 200); // to the second delivery: a duplicate
      expect(await committed(path), `after ${statement} and a restart`).toEqual(both);
    }),
  );
}, 60_000);

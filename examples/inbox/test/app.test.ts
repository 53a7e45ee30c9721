import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeliverySummary, grantiva } from '@hookproof/core';
import { type SqliteDatabase, type SqliteInbox, sqliteInbox } from '@hookproof/inbox/sqlite';
import { signedDelivery } from '@hookproof/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../src/app.ts';
import { openDatabase } from '../src/database.ts';

const secret = 'whsec_for_tests';
let folder: string;
let database: SqliteDatabase;
let inbox: SqliteInbox;
let server: Server;
let origin: string;
let endSessions: (deviceId: string) => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hookproof-example-'));
  database = openDatabase(join(folder, 'app.db'));
  inbox = sqliteInbox({ database, maxAttempts: 2, backoff: () => 10 });
  endSessions = async () => undefined;
  const app = createApp({ secret, database, inbox, endSessions: (deviceId) => endSessions(deviceId) });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.close();
  await once(server, 'close');
  await inbox.close();
  database.close();
  rmSync(folder, { recursive: true });
});

function highRisk(deviceId: string) {
  const event = { type: 'device.high_risk', data: { device_id: deviceId, risk_score: '91' } } as const;
  return signedDelivery(grantiva(), event, { secret });
}

const get = async (path: string): Promise<unknown> => (await fetch(origin + path)).json();
const stored = [202, { outcome: 'stored' }];

async function deliver(delivery: RequestInit): Promise<unknown> {
  const reply = await fetch(`${origin}/webhooks/grantiva`, delivery);
  return [reply.status, await reply.json()];
}

describe('the inbox example', () => {
  it('answers once the delivery is stored, and blocks the device afterwards', async () => {
    let go = () => {};
    endSessions = () => new Promise((resolve) => (go = resolve));
    expect(await deliver(await highRisk('device-1'))).toEqual(stored);
    expect(await get('/blocked')).toEqual([]);

    await vi.waitFor(async () => expect(await get('/inbox')).toMatchObject({ working: 1 }), 5_000);
    go();
    await vi.waitFor(async () => expect(await get('/inbox')).toMatchObject({ working: 0, handled: 1 }), 5_000);
    expect(await get('/blocked')).toEqual([{ device_id: 'device-1', risk_score: 91, alarms: 1 }]);
  });

  it('handles an event once, however often it is delivered', async () => {
    const delivery = await highRisk('device-1');
    expect(await deliver(delivery)).toEqual(stored);
    expect(await deliver(delivery)).toEqual([200, { outcome: 'duplicate' }]);
    await vi.waitFor(async () => expect(await get('/inbox')).toMatchObject({ handled: 1 }), 5_000);
    expect(await deliver(delivery)).toEqual([200, { outcome: 'duplicate' }]);
    expect(await get('/blocked')).toMatchObject([{ alarms: 1 }]);
  });

  it('keeps what keeps failing as a dead letter, until it is replayed after the fix', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue(); // where failures go without onOutcome
    endSessions = () => Promise.reject(new Error('the session service answered 500'));
    await deliver(await highRisk('device-1'));
    await vi.waitFor(async () => expect(await get('/inbox')).toMatchObject({ dead: 1 }), 5_000);
    expect(log).toHaveBeenCalledTimes(2);
    log.mockRestore();

    const dead: DeliverySummary[] = [];
    for await (const delivery of inbox.list({ state: 'dead' })) dead.push(delivery);
    const message = 'Error: the session service answered 500';
    expect(dead).toMatchObject([{ attempts: 2, error: { code: 'handler_failed', message } }]);
    expect(await get('/blocked')).toEqual([]);

    endSessions = async () => undefined;
    expect(await inbox.replay({ state: 'dead', error: 'handler_failed' })).toBe(1);
    await vi.waitFor(async () => expect(await get('/inbox')).toMatchObject({ dead: 0, handled: 1 }), 5_000);
    expect(await get('/blocked')).toMatchObject([{ alarms: 1 }]);
  });
});

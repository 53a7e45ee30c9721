import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createReceiver, grantiva } from '@hookproof/core';
import { memoryInbox } from '@hookproof/inbox';
import { postgresClaims, postgresInbox } from '@hookproof/inbox/postgres';
import { redisClaims, redisInbox } from '@hookproof/inbox/redis';
import { openDatabase, sqliteInbox } from '@hookproof/inbox/sqlite';
import { Redis } from 'ioredis';
import pg from 'pg';
import { originOf, secret } from './deliver.ts';

test('what a delivery over a socket leaves in the file is handled by the next process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hookproof-packed-inbox-'));
  const path = join(folder, 'webhooks.db');
  const handled: string[] = [];
  const make = (work: boolean) => {
    const inbox = sqliteInbox({ path, work });
    const on = { 'device.new': ({ data }: { data: { device_id: string } }) => void handled.push(data.device_id) };
    return { inbox, receiver: createReceiver({ provider: grantiva(), secret, inbox, on }) };
  };
  const web = make(false);
  const server = createServer(async (request, response) => {
    const { headers, method } = request;
    const body = Buffer.concat(await request.toArray());
    const reply = await web.receiver.receive({ method, headers, body });
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const body = JSON.stringify({
    data: { device_id: 'device-1' },
    event: 'device.new',
    timestamp: '2026-11-20T10:00:00Z',
  });
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const headers = { 'x-grantiva-signature': signature };
  const response = await fetch(originOf(server), { method: 'POST', headers, body });
  assert.deepEqual([response.status, await response.text()], [202, '{"outcome":"stored"}']);
  server.close();
  await web.inbox.close();
  const next = make(false);
  assert.deepEqual(await next.inbox.drain(), { handled: 1, retried: 0, dead: 0 });
  assert.deepEqual(handled, ['device-1']);
  await next.inbox.close();
  rmSync(folder, { recursive: true, force: true });
});

test('every engine can be made from what users install', async () => {
  assert.equal(memoryInbox().lanes, true);
  const database = openDatabase(':memory:');
  assert.throws(() => sqliteInbox({ database }), /write-ahead log/);
  database.close();
  const pool = new pg.Pool({ connectionString: 'postgres://127.0.0.1:1/none' });
  assert.equal(postgresInbox({ pool, work: false }).lanes, true);
  await pool.end();
  const connection = new Redis({ lazyConnect: true, maxRetriesPerRequest: null });
  assert.equal(redisInbox({ connection, work: false }).lanes, false);
  connection.disconnect();
});

test('shared claims can be made from what users install, and say that there is no server', async () => {
  const pool = new pg.Pool({ connectionString: 'postgres://127.0.0.1:1/none' });
  await assert.rejects(async () => postgresClaims(pool).claim('a', 1_000), /ECONNREFUSED/);
  await pool.end();
  const client = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  await assert.rejects(async () => redisClaims(client).claim('a', 1_000), /ECONNREFUSED|Connection is closed/);
});

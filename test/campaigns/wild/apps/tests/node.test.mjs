import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { grantexWebhooks } from '@hookproof/fastify';
import fastify from 'fastify';
import { makeApp } from './app.cjs';
import { revocation, secret } from './deliver.cjs';

test('a genuine delivery is handled, through fetch', async (t) => {
  const { app, revoked } = makeApp(secret);
  const server = app.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/webhooks/grantex`;
  assert.equal((await fetch(url, await revocation('grnt_1'))).status, 200);
  assert.deepEqual(revoked, ['grnt_1']);
});

test('a genuine delivery is handled, through inject', async (t) => {
  const revoked = [];
  const app = fastify();
  t.after(() => app.close());
  app.register(grantexWebhooks, { secret, on: { 'grant.revoked': ({ data }) => revoked.push(data.grantId) } });
  const { headers, body } = await revocation('grnt_1');
  const reply = await app.inject({ method: 'POST', url: '/webhooks/grantex', headers, payload: Buffer.from(body) });
  assert.deepEqual(reply.json(), { outcome: 'handled' });
  assert.deepEqual(revoked, ['grnt_1']);
});

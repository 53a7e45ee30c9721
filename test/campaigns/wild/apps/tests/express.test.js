const request = require('supertest');
const { makeApp } = require('./app.cjs');
const { revocation, secret } = require('./deliver.cjs');

test('a genuine delivery is handled once, through supertest', async () => {
  const { app, revoked } = makeApp(secret);
  const { headers, body } = await revocation('grnt_1');
  const send = () => request(app).post('/webhooks/grantex').set(headers).send(Buffer.from(body).toString());
  expect((await send()).body).toEqual({ outcome: 'handled' });
  expect((await send()).body).toEqual({ outcome: 'duplicate' });
  expect(revoked).toEqual(['grnt_1']);
});

test('a forged delivery is refused', async () => {
  const { app, revoked } = makeApp(secret);
  const { headers, body } = await revocation('grnt_1', 'another secret than that of the app');
  const reply = await request(app).post('/webhooks/grantex').set(headers).send(Buffer.from(body).toString());
  expect([reply.status, revoked]).toEqual([401, []]);
});

test('bytes of the sandbox are bytes, whichever realm made them', async () => {
  const { createReceiver, grantex } = require('@hookproof/core');
  const receiver = createReceiver({ provider: grantex(), secret, on: { '*': () => undefined } });
  const { headers, body } = await revocation('grnt_2');
  for (const bytes of [body, Uint8Array.from(body), Buffer.from(body), Uint8Array.from(body).buffer]) {
    const { outcome } = await receiver.receive({ headers, body: bytes });
    expect(['handled', 'duplicate']).toContain(outcome);
  }
});

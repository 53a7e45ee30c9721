'use strict';
// Delivers to itself over HTTP/2, which the campaign does not speak, and ends with 0 where all is as it must be.
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { connect } = require('node:http2');
const fastify = require('fastify');
const { grantexWebhooks } = require('@hookproof/fastify');
const { grantex } = require('@hookproof/core');
const { signedDelivery } = require('@hookproof/testing');

const secret = process.env.WILD_SECRET;
const handled = [];

async function main() {
  const app = fastify({ http2: true });
  await app.register(grantexWebhooks, { secret, on: { 'grant.revoked': ({ id }) => handled.push(id) } });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const session = connect(`http://127.0.0.1:${app.server.address().port}`);
  const deliver = async ({ headers, body }) => {
    const stream = session.request({ ':method': 'POST', ':path': '/webhooks/grantex', ...headers });
    stream.end(body);
    const [replied] = await once(stream, 'response');
    stream.resume();
    return replied[':status'];
  };
  const event = { type: 'grant.revoked', id: 'evt_1', data: { grantId: 'grnt_1', cascade: false } };
  const genuine = await signedDelivery(grantex(), event, { secret });
  assert.deepEqual([await deliver(genuine), await deliver(genuine)], [200, 200]);
  assert.equal(await deliver(await signedDelivery(grantex(), event, { secret: 'another' })), 401);
  assert.deepEqual(handled, ['evt_1']);
  session.close();
  await app.close();
}

void main();

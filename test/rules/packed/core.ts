import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createReceiver, grantiva } from '@hookproof/core';
import { deliver, originOf, secret } from './deliver.ts';

const handled: string[] = [];
const receiver = createReceiver({
  provider: grantiva(),
  secret,
  on: { 'device.new': ({ data }) => handled.push(data.device_id) },
});

const server = createServer(async (request, response) => {
  const { method, headers } = request;
  const reply = await receiver.receive({ method, headers, body: await buffer(request) });
  response.writeHead(reply.status, reply.headers).end(reply.body);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
await deliver(originOf(server), handled);
server.close();

// @ts-expect-error a misspelt type does not compile, and where nothing is compiled, it throws at once
assert.throws(() => createReceiver({ provider: grantiva(), secret, on: { 'device.news': () => undefined } }), {
  code: 'invalid_options',
});

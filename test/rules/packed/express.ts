import assert from 'node:assert/strict';
import { once } from 'node:events';
import { grantivaWebhooks } from '@hookproof/express';
import express from 'express';
import { deliver, originOf, secret } from './deliver.ts';

const handled: string[] = [];
const app = express();
app.use(grantivaWebhooks({ secret, on: { 'device.new': ({ data }) => handled.push(data.device_id) } }));
app.use(express.json());

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
await deliver(`${originOf(server)}/webhooks/grantiva`, handled);
server.close();

// @ts-expect-error a misspelt type does not compile, and where nothing is compiled, it throws at once
assert.throws(() => grantivaWebhooks({ secret, on: { 'device.news': () => undefined } }), { code: 'invalid_options' });

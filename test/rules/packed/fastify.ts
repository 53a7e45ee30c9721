import assert from 'node:assert/strict';
import { grantivaWebhooks } from '@hookproof/fastify';
import Fastify from 'fastify';
import { deliver, secret } from './deliver.ts';

const handled: string[] = [];
const app = Fastify();
await app.register(grantivaWebhooks, { secret, on: { 'device.new': ({ data }) => handled.push(data.device_id) } });

const origin = await app.listen({ port: 0, host: '127.0.0.1' });
await deliver(`${origin}/webhooks/grantiva`, handled);
await app.close();

// @ts-expect-error a misspelt type does not compile, and where nothing is compiled, the app does not start
const misspelt = Fastify().register(grantivaWebhooks, { secret, on: { 'device.news': () => undefined } });
await assert.rejects(async () => misspelt, { code: 'invalid_options' });

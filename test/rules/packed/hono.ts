import assert from 'node:assert/strict';
import { once } from 'node:events';
import { serve } from '@hono/node-server';
import { grantivaWebhooks } from '@hookproof/hono';
import { Hono } from 'hono';
import { deliver, originOf, secret } from './deliver.ts';

const handled: string[] = [];
const app = new Hono();
app.post('/hooks', grantivaWebhooks({ secret, on: { 'device.new': ({ data }) => handled.push(data.device_id) } }));

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
await once(server, 'listening');
await deliver(`${originOf(server)}/hooks`, handled);
server.close();

// @ts-expect-error a misspelt type does not compile, and where nothing is compiled, it throws at once
assert.throws(() => grantivaWebhooks({ secret, on: { 'device.news': () => undefined } }), { code: 'invalid_options' });

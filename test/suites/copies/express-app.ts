// An app that has one core, and an adapter that has another. It writes its address, and then a line for each delivery.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createReceiver, grantex, type OutcomeReport, WebhookError } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import express from 'express';

/** The core of the adapter. */
const other: typeof import('@hookproof/core') = await import(process.argv[2] ?? '');
assert.notEqual(other.WebhookError, WebhookError, 'there is only one core here');

const { nodeStreamReader }: typeof import('@hookproof/core/adapter') = await import(
  new URL('adapter.ts', process.argv[2]).href
);

const say = (line: object) => console.log(JSON.stringify(line));
const options = {
  secret: 'a secret for tests',
  on: {},
  onOutcome: ({ outcome, error }: OutcomeReport) => say({ outcome, isOurs: error instanceof WebhookError }),
};

const app = express();
app.use('/adapter', express.json(), webhooks(grantex(), options));

// An adapter of the app's own, which was written against the other core.
const receiver = createReceiver({ provider: grantex(), maxBodyBytes: 10, ...options });
const consumed = async () => {
  throw new other.WebhookError('body_consumed', 'The raw body was read before.', { fix: 'Mount it earlier.' });
};
for (const [path, read] of [
  ['/own', () => consumed],
  ['/own-reader', nodeStreamReader],
] as const) {
  app.post(path, async (request, response) => {
    const reply = await receiver.receive({ headers: request.headers, body: read(request) });
    response.status(reply.status).set(reply.headers).send(reply.body);
  });
}

const server = app.listen(0, '127.0.0.1', () => say({ port: (server.address() as AddressInfo).port }));
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
});

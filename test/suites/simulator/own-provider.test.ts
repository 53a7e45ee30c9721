import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { defineProvider, type WebhookEvent } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import { memoryInbox } from '@hookproof/inbox';
import { signedDelivery } from '@hookproof/testing';
import { simulateProvider } from '@hookproof/testing/simulator';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';

const secret = 'a secret for tests of one';

/** As the page about own providers describes it: type and id stand in headers, and the whole body is the data. */
const github = () =>
  defineProvider({
    name: 'github',
    signature: { header: 'x-hub-signature-256', encoding: 'hex', prefix: 'sha256=' },
    envelope: { id: { header: 'X-GitHub-Delivery' }, type: { header: 'X-GitHub-Event' } },
    headers: { deliveryId: 'X-GitHub-Delivery' },
    events: { issues: z.looseObject({ action: z.string() }), push: z.looseObject({ ref: z.string() }) },
  });

it('a sender whose type and id stand in headers is simulated, stored, and read anew for the handlers', async () => {
  const seen: WebhookEvent[] = [];
  const inbox = memoryInbox({ work: false });
  const take = (event: WebhookEvent, { delivery }: { readonly delivery: { readonly id: string | undefined } }) => {
    expect(delivery.id).toBe(event.id);
    seen.push(event);
  };
  const app = express().use(webhooks(github(), { secret, inbox, on: { issues: take, push: take } }));
  const server = app.listen(0);
  await once(server, 'listening');
  onTestFinished(async () => {
    await inbox.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const sender = simulateProvider(github(), { url: `http://127.0.0.1:${port}/webhooks/github`, secret });
  onTestFinished(() => sender.close());

  const data = { action: 'opened', type: 'User' };
  const sent = await sender.send({ type: 'issues', id: 'guid-1', data });
  expect(sent).toMatchObject({ id: 'guid-1', type: 'issues', state: 'delivered', attempts: [{ status: 202 }] });
  // Somebody presses "redeliver": the same id and body.
  const again = await sender.send({ type: 'issues', id: 'guid-1', data });
  expect(again).toMatchObject({ attempts: [{ status: 200 }] });
  const raw = {
    body: { ref: 'refs/heads/main' },
    headers: { 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'guid-2' },
  };
  expect(await sender.send(raw)).toMatchObject({ id: 'guid-2', type: 'push' });

  expect(await inbox.drain()).toEqual({ handled: 2, retried: 0, dead: 0 });
  expect(seen).toMatchObject([
    { type: 'issues', id: 'guid-1', data },
    { type: 'push', id: 'guid-2', data: { ref: 'refs/heads/main' } },
  ]);
});

it('a signed delivery has the parts of the event where its provider has them', async () => {
  const { headers, body } = await signedDelivery(
    github(),
    { type: 'issues', data: { action: 'closed' } },
    { secret, deliveryId: 'guid-3' },
  );
  expect(headers).toMatchObject({ 'x-github-event': 'issues', 'x-github-delivery': 'guid-3' });
  expect(Buffer.from(body).toString()).toBe('{"action":"closed"}');
});

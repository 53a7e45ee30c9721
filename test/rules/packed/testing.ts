import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { builtInProviders, createReceiver, grantex, type Provider } from '@hookproof/core';
import { grantivaWebhooks, webhooks } from '@hookproof/express';
import { sampleEvent, sampleTypes, signedDelivery } from '@hookproof/testing';
import { adapterConformance, type Serve } from '@hookproof/testing/conformance';
import { simulateProvider } from '@hookproof/testing/simulator';
import { deliver, originOf, secret } from './deliver.ts';

test('a delivery over a socket, without Express', async () => {
  const handled: string[] = [];
  const server = createServer(
    grantivaWebhooks({ path: '/hooks', secret, on: { 'device.new': ({ data }) => handled.push(data.device_id) } }),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await deliver(`${originOf(server)}/hooks`, handled);
  server.close();
});

const providers: readonly Provider[] = Object.values(builtInProviders).map((make) => make());
for (const provider of providers) {
  test(`the samples of ${provider.name}`, async () => {
    const key = provider.name === 'standard-webhooks' ? `whsec_${btoa(secret.repeat(2))}` : secret;
    const receiver = createReceiver({ provider, secret: key, on: { '*': () => undefined } });
    for (const type of sampleTypes(provider)) {
      const { request } = await signedDelivery(provider, sampleEvent(provider, type), { secret: key });
      assert.deepEqual(await (await receiver.fetch(request)).json(), { outcome: 'handled' });
    }
  });
}

test('a simulated provider tries again until the handler succeeds', async () => {
  let calls = 0;
  const server = createServer(
    webhooks(grantex(), {
      path: '/hooks',
      secret,
      on: {
        '*': () => {
          calls++;
          if (calls < 3) throw new Error('not yet');
        },
      },
      onOutcome: () => undefined,
    }),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const options = { url: `${originOf(server)}/hooks`, secret, speed: Number.POSITIVE_INFINITY };
  const sender = simulateProvider(grantex(), options);
  const { state, retries } = await sender.send('grant.revoked');
  assert.deepEqual([state, retries], ['delivered', 2]);
  await sender.close();
  server.close();
});

const serve: Serve = async (provider, options) => {
  const server = createServer(webhooks(provider, { ...options, path: '/hooks' }));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `${originOf(server)}/hooks`, close };
};
adapterConformance({ name: 'node:http', test, serve });

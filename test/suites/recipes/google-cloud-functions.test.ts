import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { gravv } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import './google-cloud-functions.ts';

const secret = 'a secret for tests';

test('the function receives what Google’s own framework hands it', async () => {
  vi.stubEnv('GRAVV_SECRET', secret);
  const logged = vi.spyOn(console, 'log').mockReturnValue(undefined);
  const server = getTestServer('hooks').listen(0, '127.0.0.1');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    logged.mockRestore();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const data = { client_reference: 'order-1', amount: '1.50', source: {}, destination: {}, client_metadata: null };
  const delivery = await signedDelivery(gravv(), { type: 'transfer.status.failed', data }, { secret });

  expect(await (await fetch(url, delivery)).json()).toEqual({ outcome: 'handled' });
  expect(logged).toHaveBeenCalledWith('failed:', 'order-1');
  const body = new TextDecoder().decode(delivery.body).replace('order-1', 'order-2');
  expect(await (await fetch(url, { ...delivery, body })).json()).toMatchObject({ code: 'signature_mismatch' });
  expect((await fetch(url)).status).toBe(405);
});

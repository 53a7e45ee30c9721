import { runInNewContext } from 'node:vm';
import { gravv, verifySignature } from '@hookproof/core';
import { expect, it } from 'vitest';
import { signedDelivery } from './index.ts';

it('bytes of another realm, such as a test runner’s sandbox, are sent as they are', async () => {
  const bytes: unknown = runInNewContext('Uint8Array.from([123, 255, 125])');
  expect(bytes instanceof Uint8Array).toBe(false);
  const secret = 'a secret for tests';
  const { body, headers } = await signedDelivery(gravv(), { body: Object(bytes) }, { secret });
  expect([...body]).toEqual([123, 255, 125]);
  const signature = headers['x-gravv-signature'];
  expect(await verifySignature(gravv(), { body, signature, secret })).toBe(true);
});

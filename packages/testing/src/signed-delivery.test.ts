import { runInNewContext } from 'node:vm';
import { gravv, verifySignature } from '@hookproof/core';
import { expect, it } from 'vitest';
import { signedDelivery } from './index.ts';

it('the text of a delivery is its bytes, and nothing of them is lost', async () => {
  const secret = 'a secret for tests';
  for (const text of ['{"a":"héllo 🎣 \u2028"}', '\ufeff{}', ' {}\r\n', '']) {
    const delivery = await signedDelivery(gravv(), { body: text }, { secret });
    expect(delivery.text).toBe(text);
    expect(new TextEncoder().encode(delivery.text)).toEqual(delivery.body);
  }
  const { text: _text, ...noText } = Object.getOwnPropertyDescriptors(
    await signedDelivery(gravv(), { body: Uint8Array.of(123, 255, 125) }, { secret }),
  );
  expect(() => _text.get?.call(noText)).toThrow(TypeError);
});

it('bytes of another realm, such as a test runner’s sandbox, are sent as they are', async () => {
  const bytes: unknown = runInNewContext('Uint8Array.from([123, 255, 125])');
  expect(bytes instanceof Uint8Array).toBe(false);
  const secret = 'a secret for tests';
  const { body, headers } = await signedDelivery(gravv(), { body: Object(bytes) }, { secret });
  expect([...body]).toEqual([123, 255, 125]);
  const signature = headers['x-gravv-signature'];
  expect(await verifySignature(gravv(), { body, signature, secret })).toBe(true);
});

import { grantex, gravv } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks, webhooks } from './index.ts';

const options = { secret: 'a secret for tests', on: { '*': () => undefined }, path: '/hooks', maxBodyBytes: 1_000 };

test.each<[named: unknown, wrong: object, message: string]>([
  [grantexWebhooks, { signatur: 'v2' }, 'signatur is not an option of grantexWebhooks. Did you mean signature?'],
  [grantexWebhooks, { signature: 'V2' }, "grantex: signature must be 'auto', 'v1' or 'v2'"],
  [grantivaWebhooks, { paths: '/x' }, 'paths is not an option of grantivaWebhooks. Did you mean path?'],
  [gravvWebhooks, { name: 'mine' }, 'name is not an option of gravvWebhooks. Did you mean receiverName?'],
  [gravvWebhooks, { key: 'signed' }, 'key is not an option of gravvWebhooks. There are: secret, on, '],
  [gravvWebhooks, { prefixes: '/x' }, 'prefixes is not an option of gravvWebhooks. Did you mean prefix?'],
])('%o with %j: %s', async (named, wrong, message) => {
  const app = Fastify();
  const registered = async () => Reflect.apply(app.register, app, [named, { ...options, ...wrong }]);
  await expect(registered()).rejects.toThrow(message);
});

test('options of a receiver beside webhooks(), where they would be ignored, are refused', async () => {
  const plugin = webhooks(grantex(), options);
  const app = Fastify();
  const registered = async () => Reflect.apply(app.register, app, [plugin, { onOutcome: () => undefined }]);
  await expect(registered()).rejects.toThrow('onOutcome is not an option of register beside webhooks()');
});

test('what register takes for Fastify itself may stand beside the options of a named plugin', async () => {
  const app = Fastify();
  const beside = { prefix: '/api', logLevel: 'warn', logSerializers: {} } as const;
  await app.register(grantexWebhooks, { ...options, signature: 'v2', ...beside });
  const { headers, body } = await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), {
    secret: options.secret,
  });
  const reply = await app.inject({ method: 'POST', url: '/api/hooks', headers, payload: Buffer.from(body) });
  expect(reply.json()).toEqual({ outcome: 'handled' });
});

test('webhooks takes a path, and neither what belongs to the provider nor what belongs to register', () => {
  const made = (wrong: object) => () => webhooks(gravv(), { ...options, ...wrong });
  expect(made({})).not.toThrow();
  expect(made({ lanes: () => 'a' })).toThrow('lanes is not an option of webhooks. Did you mean lane?');
  for (const name of ['provider', 'framework', 'signature', 'prefix', 'logLevel']) {
    expect(made({ [name]: 'x' })).toThrow(`${name} is not an option of webhooks.`);
  }
});

import { gravv } from '@hookproof/core';
import { expect, test } from 'vitest';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks, webhooks } from './index.ts';

const options = { secret: 'a secret for tests', on: {}, path: '/hooks', maxBodyBytes: 1_000 };

test.each<[named: (...given: never[]) => unknown, wrong: object, message: string]>([
  [grantexWebhooks, { signatur: 'v2' }, 'signatur is not an option of grantexWebhooks. Did you mean signature?'],
  [grantivaWebhooks, { paths: '/x' }, 'paths is not an option of grantivaWebhooks. Did you mean path?'],
  [gravvWebhooks, { name: 'mine' }, 'name is not an option of gravvWebhooks. Did you mean receiverName?'],
  [gravvWebhooks, { key: 'signed' }, 'key is not an option of gravvWebhooks. There are: secret, on, '],
])('%o with %j: %s', (named, wrong, message) => {
  expect(() => Reflect.apply(named, undefined, [{ ...options, ...wrong }])).toThrow(message);
  expect(() => Reflect.apply(named, undefined, [options])).not.toThrow();
});

test('webhooks takes a path, and what belongs to the provider in the provider', () => {
  const made = (wrong: object) => () => webhooks(gravv(), { ...options, ...wrong });
  expect(made({})).not.toThrow();
  expect(made({ lanes: () => 'a' })).toThrow('lanes is not an option of webhooks. Did you mean lane?');
  expect(made({ provider: gravv() })).toThrow('provider is not an option of webhooks.');
  expect(made({ framework: 'koa' })).toThrow('framework is not an option of webhooks.');
  expect(made({ signature: 'v2' })).toThrow('signature is not an option of webhooks.');
});

test('the options of a provider reach it', () => {
  const of = (given: object) => () => Reflect.apply(grantexWebhooks, undefined, [{ ...options, ...given }]);
  expect(of({ signature: 'v2' })).not.toThrow();
  expect(of({ signature: 'V2' })).toThrow("grantex: signature must be 'auto', 'v1' or 'v2'");
  expect(() => grantivaWebhooks({ ...options, key: 'delivery' })).not.toThrow();
});

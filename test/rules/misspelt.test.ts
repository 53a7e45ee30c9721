import { expect, it } from 'vitest';
import { compile } from './compile.ts';

const options = `{ secret: '', on: { 'grant.revokd': () => undefined } }`;
const calls = [
  `import { createReceiver, grantex } from '@hookproof/core';
   createReceiver({ provider: grantex(), ...${options} });`,
  `import { grantexWebhooks } from '@hookproof/express';
   grantexWebhooks(${options});`,
  `import { grantex, webhooks } from '@hookproof/express';
   webhooks(grantex(), ${options});`,
  `import { grantexWebhooks } from '@hookproof/hono';
   grantexWebhooks(${options});`,
  `import { grantex, webhooks } from '@hookproof/fastify';
   webhooks(grantex(), ${options});`,
  `import { grantexWebhooks } from '@hookproof/fastify';
   import Fastify from 'fastify';
   Fastify().register(grantexWebhooks, ${options});`,
];

/** An editor shows some ten lines of a message before one has to scroll. */
const longest = 1_000;

it.each(calls)('a misspelt event type gives one short error with the right types: %s', { timeout: 60_000 }, (code) => {
  const { problems } = compile(code);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('"grant.revokd"');
  expect(problems[0]).toContain('"grant.revoked"');
  expect(problems[0]?.length).toBeLessThan(longest);
});

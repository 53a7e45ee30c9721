import { expect, it } from 'vitest';
import { compile } from './compile.ts';

const exported = `
  import { createReceiver, type EventOf, grantex, grantiva, gravv } from '@hookproof/core';
  import * as express from '@hookproof/express';
  export const providers = [grantex(), grantiva(), gravv()] as const;
  export const receiver = createReceiver({ provider: grantex(), secret: '', on: {} });
  export const middleware = express.grantexWebhooks({ secret: '', on: {} });
  export const fromExpress = express.gravv();
  export const same = (event: EventOf<ReturnType<typeof grantex>>) => event;
`;

// Under pnpm the app cannot name zod, which it does not depend on itself, and TypeScript refuses to declare (TS2883).
it('what an app exports of a built-in provider is declared by the names of core, without zod', {
  timeout: 60_000,
}, () => {
  const { declarations, problems } = compile(exported);
  expect(problems).toEqual([]);
  expect(declarations).toMatch(/\bGrantex\b/);
  expect(declarations).not.toMatch(/zod/i);
});

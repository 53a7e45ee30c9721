import type { AddressInfo } from 'node:net';

/** What is measured against each other on every framework. `no verification` reads the body and answers: the ceiling. */
export const contenders = ['hand-written', 'hookproof', 'hookproof with dedupe', 'no verification'] as const;

export type Contender = (typeof contenders)[number];

/** `node:http` is `packages/express` on plain `node:http`. */
export const frameworks = ['express', 'node:http', 'hono', 'fastify'] as const;

export type Framework = (typeof frameworks)[number];

/** All deliveries are of this scheme, and go here. */
export const scheme = 'grantex v2';
export const path = '/webhooks/grantex';

/** What every contender answers. */
export const accepted = { outcome: 'handled' };

/** Starts one contender on a free port. */
export type Listen = (contender: Contender) => Promise<AddressInfo | string | null>;

import type { AddressInfo } from 'node:net';

/** What is measured against each other on every framework. */
export const contenders = ['hand-written', 'hookproof', 'hookproof with dedupe'] as const;

export type Contender = (typeof contenders)[number];

export const frameworks = ['express', 'fastify', 'hono'] as const;

export type Framework = (typeof frameworks)[number];

/** All deliveries are of this scheme, and go here. */
export const scheme = 'grantex v2';
export const path = '/webhooks/grantex';

/** What every contender answers. */
export const accepted = { outcome: 'handled' };

/** Starts one contender on a free port. */
export type Listen = (contender: Contender) => Promise<AddressInfo | string | null>;

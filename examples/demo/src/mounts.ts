import { randomBytes } from 'node:crypto';
import {
  grantex,
  grantiva,
  gravv,
  type Handler,
  type OnOutcome,
  type Provider,
  standardWebhooks,
  type WebhookEvent,
  type WebhookOptions,
} from '@hookproof/core';
import { captured } from './captured.ts';

/** A receiver as every server of the demo mounts it. */
export interface Mount {
  readonly path: string;
  readonly provider: Provider;
  readonly options: WebhookOptions<Provider>;
}

/** The secrets that the senders and the receivers of this run share. */
export const secrets = {
  grantiva: `whsec_${randomBytes(24).toString('hex')}`,
  grantex: randomBytes(24).toString('hex'),
  gravv: randomBytes(24).toString('hex'),
  'standard-webhooks': `whsec_${randomBytes(32).toString('base64')}`,
};

/** The built-in providers, in the order in which the demo shows them. */
export const providers = {
  grantiva: grantiva(),
  grantex: grantex(),
  gravv: gravv(),
  'standard-webhooks': standardWebhooks(),
};

/** Makes the receivers of one server: each server has its own, and remembers its own events. */
export function mounts(onOutcome: OnOutcome): readonly Mount[] {
  const mount = (path: string, provider: Provider, secret: string, more: Partial<WebhookOptions<Provider>> = {}) => ({
    path,
    provider,
    options: { secret, on: { '*': () => undefined }, onOutcome, ...more },
  });
  return [
    mount('/webhooks/grantiva', providers.grantiva, secrets.grantiva),
    mount('/webhooks/grantex', providers.grantex, secrets.grantex),
    mount('/webhooks/gravv', providers.gravv, secrets.gravv),
    mount('/webhooks/standard-webhooks', providers['standard-webhooks'], secrets['standard-webhooks']),
    mount('/captured/v1', grantex({ signature: 'v1' }), captured.secret),
    mount('/captured/v2', grantex({ signature: 'v2' }), captured.secret, { now: () => captured.sentAt }),
    mount('/ledger/gravv', providers.gravv, secrets.gravv, { on: { '*': failsOnce() } }),
  ];
}

/** A handler whose database is away the first time it sees an event. */
function failsOnce(): Handler<WebhookEvent> {
  const seen = new Set<string | undefined>();
  return ({ id }) => {
    if (seen.has(id)) return;
    seen.add(id);
    throw new Error('the ledger database does not answer');
  };
}

import { createHmac } from 'node:crypto';
import { defineProvider, grantex, grantiva, gravv, standardWebhooks } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import { signedDelivery } from '@hookproof/testing';
import express from 'express';
import { onExpress4, onFastify, onHono } from './apps.ts';
import type { Mistake } from './mistake.ts';
import { events, fromGrantex, fromGrantiva, fromGravv, fromOldGrantex, newSecret, withHeaders } from './senders.ts';

/** No signature arrives where the provider puts it. */
export const missing: readonly Mistake[] = [
  {
    cause: 'signature_incomplete',
    what: 'a proxy that passes on the signature and drops the time',
    async scene() {
      const secret = newSecret();
      return {
        provider: grantex(),
        options: { secret },
        serve: onFastify,
        sent: await fromGrantex(secret),
        proxy: (sent) => withHeaders(sent, { 'x-grantex-timestamp': undefined }),
      };
    },
    explains: 'The header x-grantex-timestamp is missing, but x-grantex-signature-v2 came',
    fix: 'Let every proxy pass on all of them',
    evidence: { missing: 'x-grantex-timestamp', present: 'x-grantex-signature-v2' },
    corrected: () => ({ proxy: (sent) => sent }),
  },
  {
    cause: 'signature_not_accepted',
    what: 'a receiver that demands V2, and a sender that is older',
    async scene() {
      const secret = newSecret();
      return { provider: grantex({ signature: 'v2' }), options: { secret }, sent: await fromOldGrantex(secret) };
    },
    explains: /^Only the signature x-grantex-signature came \(fits: yes\).*demands x-grantex-signature-v2/,
    fix: "signature: 'auto'",
    evidence: { header: 'x-grantex-signature', fits: 'yes' },
    corrected: () => ({ provider: grantex({ signature: 'auto' }) }),
  },
  {
    cause: 'signature_not_accepted',
    what: 'a receiver that demands the older signature, and a sender that is newer',
    async scene() {
      const secret = newSecret();
      const sent = await fromGrantex(secret, events.grantex, grantex({ signature: 'v2' }));
      return { provider: grantex({ signature: 'v1' }), options: { secret }, sent };
    },
    explains: /^Only the signature x-grantex-signature-v2 came \(fits: yes\).*demands x-grantex-signature\./,
    fix: "signature: 'auto'",
    evidence: { header: 'x-grantex-signature-v2', fits: 'yes' },
    corrected: () => ({ provider: grantex({ signature: 'auto' }) }),
  },
  {
    cause: 'header_renamed',
    what: 'a gateway that renames headers',
    async scene() {
      const secret = newSecret();
      return {
        provider: grantiva(),
        options: { secret },
        serve: onExpress4,
        sent: await fromGrantiva(secret),
        proxy: (sent) =>
          withHeaders(sent, {
            'x-grantiva-signature': undefined,
            'x-forwarded-signature': sent.headers['x-grantiva-signature'],
          }),
      };
    },
    explains: 'The header x-grantiva-signature is missing, but x-forwarded-signature holds what looks like',
    fix: 'use the name x-grantiva-signature',
    evidence: { header: 'x-forwarded-signature', fits: 'yes' },
    corrected: () => ({ proxy: (sent) => sent }),
  },
  {
    cause: 'header_renamed',
    what: 'a sender with headers of its own that signs like another',
    async scene() {
      const secret = newSecret();
      const { headers, ...sent } = await fromGrantex(secret);
      const { 'x-grantex-signature-v2': signature, 'x-grantex-timestamp': time } = headers;
      return {
        provider: grantex({ signature: 'v2' }),
        options: { secret },
        sent: { ...sent, headers: { 'x-acme-signature': signature, 'x-acme-timestamp': time } },
      };
    },
    explains: /x-acme-signature holds .* \(fits: yes\)/,
    fix: 'describe the sender with defineProvider',
    evidence: { header: 'x-acme-signature', fits: 'yes' },
    corrected: () => ({
      provider: defineProvider({
        name: 'acme',
        signature: {
          header: 'x-acme-signature',
          encoding: 'hex',
          prefix: 'sha256=',
          signs: '{timestamp}.{body}',
          timestamp: { header: 'x-acme-timestamp' },
        },
        envelope: { id: 'id', type: 'type', data: 'data' },
      }),
    }),
  },
  {
    cause: 'receiver_wrong',
    what: 'an app that took the function of one provider, and the secret of another',
    async scene() {
      const secret = newSecret();
      return { provider: grantiva(), options: { secret }, path: '/webhooks/grantiva', sent: await fromGrantex(secret) };
    },
    explains:
      'This is a delivery of Grantex: its x-grantex-signature fits the secret of this receiver, which is one for grantiva.',
    fix: 'Make this receiver one for Grantex.',
    evidence: { header: 'x-grantex-signature', other: 'Grantex' },
    corrected: () => ({ provider: grantex(), path: '/webhooks/grantex' }),
  },
  {
    cause: 'receiver_wrong',
    what: 'the same the other way round, on another framework',
    async scene() {
      const secret = newSecret();
      return { provider: grantex(), options: { secret }, serve: onHono, sent: await fromGrantiva(secret) };
    },
    explains: 'This is a delivery of Grantiva: its x-grantiva-signature fits',
    fix: 'Make this receiver one for Grantiva',
    evidence: { header: 'x-grantiva-signature', other: 'Grantiva' },
    corrected: () => ({ provider: grantiva() }),
  },
  {
    cause: 'other_provider_fits',
    what: 'two receivers on one path, with the same secret',
    async scene() {
      const secret = newSecret();
      return {
        provider: grantiva(),
        options: { secret },
        path: '/hooks',
        serve: (provider, options) =>
          express().use('/hooks', webhooks(provider, options), webhooks(grantex(), options)),
        sent: await fromGrantex(secret),
      };
    },
    explains: 'a genuine delivery of grantex, which has a receiver of its own in this process, named grantex.',
    fix: 'Give each receiver a path of its own',
    evidence: { other: 'grantex', receiver: 'grantex' },
    corrected: () => ({
      path: '/hooks/grantex',
      serve: (provider, options) =>
        express()
          .use('/hooks/grantiva', webhooks(provider, options))
          .use('/hooks/grantex', webhooks(grantex(), options)),
    }),
  },
  {
    cause: 'other_provider_fits',
    what: 'two receivers, and the webhook of one pointed at the path of the other',
    async scene() {
      const [secret, gravvSecret] = [newSecret(), newSecret()];
      return {
        provider: grantiva(),
        options: { secret },
        serve: (provider, options) =>
          express().use(webhooks(provider, options), webhooks(gravv(), { ...options, secret: gravvSecret })),
        sent: await fromGravv(gravvSecret),
      };
    },
    explains: 'a genuine delivery of gravv, which has a receiver of its own in this process, named gravv.',
    fix: 'let gravv send to that of gravv',
    evidence: { other: 'gravv', receiver: 'gravv' },
    corrected: () => ({ path: '/webhooks/gravv' }),
  },
  {
    cause: 'other_provider_header',
    what: 'the webhook of somebody else pointed at this path',
    scene() {
      const body = Buffer.from('{"id":"evt_1","type":"invoice.paid","data":{}}');
      const mac = createHmac('sha256', newSecret()).update('1795216193.').update(body).digest('hex');
      const headers = { 'content-type': 'application/json', 'stripe-signature': `t=1795216193,v1=${mac}` };
      return { provider: gravv(), options: { secret: newSecret() }, serve: onHono, sent: { headers, body } };
    },
    explains: 'No signature of gravv came, but stripe-signature, which Stripe sends',
    fix: 'Point the webhook of Stripe at a receiver for Stripe',
    evidence: { header: 'stripe-signature', other: 'Stripe' },
  },
  {
    cause: 'other_provider_header',
    what: 'the webhook of a built-in provider pointed at this path, which should be its own',
    async scene() {
      const secret = newSecret();
      return {
        provider: standardWebhooks(),
        options: { secret: `whsec_${'a'.repeat(32)}` },
        sent: await fromGravv(secret),
      };
    },
    explains: 'No signature of standard-webhooks came, but x-gravv-signature, which Gravv sends',
    fix: 'or make this receiver one',
    evidence: { header: 'x-gravv-signature', other: 'Gravv' },
  },
  {
    cause: 'signature_absent',
    what: 'a request by hand, without a signature',
    scene() {
      const body = Buffer.from(JSON.stringify(events.grantex));
      const headers = { 'content-type': 'application/json', 'user-agent': 'curl/8.5.0', accept: '*/*' };
      return { provider: grantex(), options: { secret: newSecret() }, serve: onFastify, sent: { headers, body } };
    },
    explains: 'x-grantex-signature-v2 or x-grantex-signature is missing',
    fix: 'can be signed with signedDelivery of @hookproof/testing',
    evidence: {},
    async corrected({ provider, sent, options }) {
      if (typeof options.secret !== 'string') throw new TypeError('The secret of this scene is a text.');
      return { sent: await signedDelivery(provider, { body: sent.body }, { secret: options.secret }) };
    },
  },
];

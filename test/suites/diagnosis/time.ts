import { grantex, standardWebhooks } from '@hookproof/core';
import { expect } from 'vitest';
import { onFastify, onHono } from './apps.ts';
import type { Mistake } from './mistake.ts';
import {
  acme,
  fromAcme,
  fromGrantex,
  fromOldGrantex,
  fromStandard,
  homemadeStandard,
  newSecret,
  newStandardSecret,
  withHeaders,
} from './senders.ts';

const base64 = (mac: Buffer) => `v1,${mac.toString('base64')}`;

/** What is signed beside the body is written or signed wrongly, or a genuine delivery comes at the wrong time. */
export const time: readonly Mistake[] = [
  {
    cause: 'timestamp_milliseconds',
    what: 'a sender that takes Date.now() for the time',
    scene() {
      const secret = newStandardSecret();
      const sent = homemadeStandard(secret, base64, { timestamp: String(Date.now()) });
      return { provider: standardWebhooks(), options: { secret }, sent };
    },
    explains: 'The time in webhook-timestamp is in milliseconds since 1970, where seconds are signed (fits: yes)',
    fix: 'Math.floor(Date.now() / 1000)',
    evidence: { header: 'webhook-timestamp', fits: 'yes' },
    corrected: ({ options }) => ({ sent: homemadeStandard(String(options.secret), base64) }),
  },
  {
    cause: 'timestamp_milliseconds',
    what: 'the same in a header that holds more',
    scene() {
      const secret = newSecret();
      return { provider: acme, options: { secret }, sent: fromAcme(secret, Date.now()) };
    },
    explains: 'The time in acme-signature is in milliseconds since 1970',
    fix: 'Math.floor(Date.now() / 1000)',
    evidence: { header: 'acme-signature', fits: 'yes' },
    corrected: ({ options }) => ({
      sent: fromAcme(String(options.secret), Math.floor(Date.now() / 1000)),
    }),
  },
  {
    cause: 'timestamp_malformed',
    what: 'a sender that writes the time as ISO 8601',
    scene() {
      const secret = newStandardSecret();
      const sent = homemadeStandard(secret, base64, { timestamp: new Date().toISOString() });
      return { provider: standardWebhooks(), options: { secret }, serve: onHono, sent };
    },
    explains: 'The time in webhook-timestamp is not a number of seconds since 1970 (fits: yes)',
    fix: 'whole seconds since 1970, in digits',
    evidence: { header: 'webhook-timestamp', fits: 'yes' },
    corrected: ({ options }) => ({ sent: homemadeStandard(String(options.secret), base64) }),
  },
  {
    cause: 'id_malformed',
    what: 'a sender whose ids have dots in them',
    async scene() {
      const secret = newStandardSecret();
      const sent = await fromStandard(secret, { id: 'msg.2026.1' });
      return { provider: standardWebhooks(), options: { secret }, serve: onFastify, sent };
    },
    explains: 'The id in webhook-id',
    fix: 'letters, digits, - and _',
    evidence: { header: 'webhook-id' },
    corrected: async ({ options }) => ({ sent: await fromStandard(String(options.secret), { id: 'msg-2026-1' }) }),
  },
  {
    cause: 'timestamp_stale',
    what: 'a delivery that was captured for a test two hours ago',
    async scene() {
      const secret = newStandardSecret();
      const at = Date.UTC(2026, 10, 21, 7);
      const sent = await fromStandard(secret, { at });
      return { provider: standardWebhooks(), options: { secret, now: () => at + 7_200_000 }, sent };
    },
    explains: /signed 7200 seconds ago: at 2026-11-21T07:00:00.000Z, while .* clock says 2026-11-21T09:00:00.000Z/,
    fix: 'sign a new one. If not, set the clock by NTP. toleranceSeconds is 300',
    evidence: {
      seconds: 7200,
      signedAt: '2026-11-21T07:00:00.000Z',
      serverClock: '2026-11-21T09:00:00.000Z',
      toleranceSeconds: 300,
    },
    async corrected({ options }) {
      const sent = await fromStandard(String(options.secret), { at: Date.UTC(2026, 10, 21, 9) });
      return { sent };
    },
  },
  {
    cause: 'timestamp_future',
    what: 'a server whose clock is ten minutes slow',
    async scene() {
      const secret = newSecret();
      const now = Date.now();
      return {
        provider: grantex(),
        options: { secret, now: () => now - 600_000, toleranceSeconds: 60 },
        sent: await fromGrantex(secret),
      };
    },
    explains: /signed (599|60[01]) seconds in the future/,
    fix: "Set this server's clock by NTP. If it is right, the sender's is wrong. toleranceSeconds is 60",
    evidence: {
      seconds: expect.closeTo(600, -1),
      signedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      serverClock: expect.stringMatching(/^\d{4}-.*Z$/),
      toleranceSeconds: 60,
    },
    corrected: ({ options }) => ({ options: { ...options, now: Date.now } }),
  },
  {
    cause: 'signs_body_alone',
    what: 'a sender that writes the older signature into the header of the newer',
    async scene() {
      const secret = newSecret();
      const sent = await fromOldGrantex(secret);
      const { 'x-grantex-signature': signature } = sent.headers;
      const time = String(Math.floor(Date.now() / 1000));
      const headers = { 'x-grantex-signature-v2': signature, 'x-grantex-timestamp': time };
      return { provider: grantex({ signature: 'v2' }), options: { secret }, sent: withHeaders(sent, headers) };
    },
    explains: 'x-grantex-signature-v2 covers the body alone, where grantex signs x-grantex-timestamp with it',
    fix: 'Let the sender sign x-grantex-timestamp before the body',
    evidence: { header: 'x-grantex-signature-v2', signed: 'x-grantex-timestamp' },
    corrected: async ({ options }) => ({ sent: await fromGrantex(String(options.secret)) }),
  },
  {
    cause: 'other_scheme_fits',
    what: 'a gateway that writes a time of its own',
    async scene() {
      const secret = newSecret();
      return {
        provider: grantex(),
        options: { secret },
        serve: onHono,
        sent: await fromGrantex(secret),
        proxy: (sent) => withHeaders(sent, { 'x-grantex-timestamp': '1795216193' }),
      };
    },
    explains:
      'in x-grantex-signature fits the body and the option secret, but the one in x-grantex-signature-v2 does not',
    fix: 'compare x-grantex-timestamp with what the sender wrote',
    evidence: {
      header: 'x-grantex-signature',
      wanted: 'x-grantex-signature-v2',
      option: 'secret',
      signed: 'x-grantex-timestamp',
    },
    corrected: () => ({ proxy: (sent) => sent }),
  },
];

import { grantex } from '@hookproof/core';
import { onFastify, onHono } from './apps.ts';
import type { Mistake } from './mistake.ts';
import { events, fromGrantex, newSecret } from './senders.ts';

/** Searches that end before they find something. */
export const bounds: readonly Mistake[] = [
  {
    cause: 'too_large_to_diagnose',
    what: 'a wrong secret, and a body of more than a megabyte',
    async scene() {
      const sent = await fromGrantex(newSecret(), { ...events.grantex, more: ' '.repeat(1_100_000) });
      return { provider: grantex(), options: { secret: newSecret(), maxBodyBytes: 2_000_000 }, serve: onHono, sent };
    },
    explains: /the body of 11\d{5} bytes is too large/,
    fix: 'Send a smaller delivery to the same endpoint',
    evidence: { bodyBytes: 1_100_179 },
  },
  {
    cause: 'too_many_diagnoses',
    what: 'thirty rejections in the same minute, and one more',
    async scene() {
      const sent = await fromGrantex(newSecret());
      return { provider: grantex(), options: { secret: newSecret() }, serve: onFastify, sent, times: 31 };
    },
    explains: 'More than 30 deliveries were diagnosed within a minute',
    fix: 'or send this one again in a minute',
    evidence: {},
  },
  {
    cause: 'diagnosis_failed',
    what: 'a provider that was taken apart and put together wrongly',
    async scene() {
      const provider = {
        ...grantex(),
        get notAccepted(): never {
          throw new TypeError('This provider has no such schemes.');
        },
      };
      return { provider, options: { secret: newSecret() }, sent: await fromGrantex(newSecret()) };
    },
    explains: 'The search for the cause failed',
    fix: 'Report it to the makers of Hookproof, with the code signature_mismatch.',
    evidence: { code: 'signature_mismatch' },
  },
];

import { grantex, gravv, standardWebhooks } from '@hookproof/core';
import { onExpress4, onExpress5, onFastify, onHono } from './apps.ts';
import type { Mistake, Serve } from './mistake.ts';
import {
  acme,
  fromAcme,
  fromGravv,
  fromOldGrantex,
  homemade,
  homemadeStandard,
  newSecret,
  newStandardSecret,
  withHeaders,
} from './senders.ts';

const header = 'x-grantex-signature';
const form = '"sha256=" and 64 hex digits';
const standardForm = '"v1," and 32 bytes in base64';
const hex = (mac: Buffer) => mac.toString('hex');
const base64 = (mac: Buffer) => mac.toString('base64');

type Row = Pick<Mistake, 'cause' | 'what' | 'explains'> & { fix?: Mistake['fix']; evidence?: Mistake['evidence'] };

/** A sender of one's own that writes the MAC into Grantex's header in its own way, and then as the fix says. */
function written(row: Row, write: (mac: Buffer) => string, serve: Serve = onExpress5): Mistake {
  const secret = newSecret();
  return {
    fix: `Let the sender write the header as grantex does: ${form}`,
    ...row,
    evidence: { header, form, fits: 'yes', ...row.evidence },
    scene: () => ({ provider: grantex(), options: { secret }, sent: homemade(secret, write), serve }),
    corrected: () => ({ sent: homemade(secret, (mac) => `sha256=${hex(mac)}`) }),
  };
}

/** The same for Standard Webhooks. */
function writtenStandard(row: Row, write: (mac: Buffer) => string, serve: Serve = onExpress5): Mistake {
  const secret = newStandardSecret();
  return {
    fix: `Let the sender write the header as standard-webhooks does: ${standardForm}`,
    ...row,
    evidence: { header: 'webhook-signature', form: standardForm, fits: 'yes', ...row.evidence },
    scene: () => ({ provider: standardWebhooks(), options: { secret }, sent: homemadeStandard(secret, write), serve }),
    corrected: () => ({ sent: homemadeStandard(secret, (mac) => `v1,${base64(mac)}`) }),
  };
}

/** A signature that is not written as the provider writes it. */
export const malformed: readonly Mistake[] = [
  written(
    {
      cause: 'prefix_missing',
      what: 'a sender that writes the digest alone',
      explains: `The signature in ${header} lacks its prefix "sha256=" (fits with it: yes)`,
      evidence: { prefix: 'sha256=' },
    },
    hex,
  ),
  {
    cause: 'prefix_missing',
    what: 'the same beside a time in the same header',
    scene() {
      const secret = newSecret();
      return { provider: acme, options: { secret }, sent: fromAcme(secret, Math.floor(Date.now() / 1000), '') };
    },
    explains: 'The signature in acme-signature lacks its prefix "v1=" (fits with it: yes)',
    fix: 'as acme does: "v1=" and 64 hex digits',
    evidence: { header: 'acme-signature', form: '"v1=" and 64 hex digits', fits: 'yes', prefix: 'v1=' },
    corrected: ({ options }) => ({ sent: fromAcme(String(options.secret), Math.floor(Date.now() / 1000)) }),
  },
  written(
    {
      cause: 'prefix_doubled',
      what: 'a sender that adds the prefix to what has it already',
      explains: `The signature in ${header} has its prefix "sha256=" more than once (fits with one: yes)`,
      evidence: { prefix: 'sha256=' },
    },
    (mac) => `sha256=sha256=${hex(mac)}`,
    onFastify,
  ),
  written(
    {
      cause: 'prefix_case',
      what: 'a sender that writes the prefix in capitals',
      explains: `The prefix of the signature in ${header} is not written "sha256="`,
      evidence: { prefix: 'sha256=' },
    },
    (mac) => `SHA256=${hex(mac)}`,
    onHono,
  ),
  written(
    {
      cause: 'prefix_other',
      what: 'a sender that writes the prefix of another',
      explains: `The signature in ${header} begins with another prefix than "sha256="`,
      evidence: { prefix: 'sha256=' },
    },
    (mac) => `v0=${hex(mac)}`,
    onExpress4,
  ),
  {
    cause: 'prefix_unexpected',
    what: 'a proxy that writes a prefix where there is none',
    async scene() {
      const secret = newSecret();
      return {
        provider: gravv(),
        options: { secret },
        sent: await fromGravv(secret),
        proxy: (sent) =>
          withHeaders(sent, { 'x-gravv-signature': `sha256=${String(sent.headers['x-gravv-signature'])}` }),
      };
    },
    explains: 'The signature in x-gravv-signature has a prefix, where gravv writes none (fits without: yes)',
    fix: /as gravv does: 64 hex digits\. If a proxy rewrites it, turn that off/,
    evidence: { header: 'x-gravv-signature', form: '64 hex digits', fits: 'yes' },
    corrected: () => ({ proxy: (sent) => sent }),
  },
  written(
    {
      cause: 'digest_base64',
      what: 'a sender that writes base64 in place of hex',
      explains: `The signature in ${header} is written in base64, where grantex writes hex (fits: yes)`,
    },
    (mac) => `sha256=${base64(mac)}`,
  ),
  writtenStandard(
    {
      cause: 'digest_hex',
      what: 'a sender that writes hex in place of base64',
      explains: 'The signature in webhook-signature is written in hex, where standard-webhooks writes base64',
    },
    (mac) => `v1,${hex(mac)}`,
  ),
  writtenStandard(
    {
      cause: 'digest_base64url',
      what: 'a sender that writes base64 for URLs',
      explains: 'The signature in webhook-signature is base64 of the URL kind or without padding (fits: yes)',
    },
    (mac) => `v1,${mac.toString('base64url')}`,
    onHono,
  ),
  written(
    {
      cause: 'digest_truncated',
      what: 'a column varchar(64) in which the sender keeps the header',
      explains: 'it has 64 characters with its prefix, and needs 71 (fits as far as it goes: yes)',
      fix: 'Look for a limit of 64 characters in a database column',
      evidence: { characters: 64, wantedCharacters: 71 },
    },
    (mac) => `sha256=${hex(mac)}`.slice(0, 64),
  ),
  ...(['sha1', 'sha512'] as const).map((algorithm): Mistake => {
    const secret = newSecret();
    return {
      cause: 'algorithm_other',
      what: `a sender that signs with ${algorithm}`,
      scene: () => ({
        provider: grantex(),
        options: { secret },
        sent: homemade(secret, (mac) => `${algorithm}=${hex(mac)}`, algorithm),
      }),
      explains: `The signature in ${header} is as long as one of ${algorithm}, not of sha256 (fits: yes)`,
      fix: 'Let the sender sign with sha256',
      evidence: { header, form, fits: 'yes', algorithm, wantedAlgorithm: 'sha256', also: 'prefix_other' },
      corrected: () => ({ sent: homemade(secret, (mac) => `sha256=${hex(mac)}`) }),
    };
  }),
  written(
    {
      cause: 'signature_quoted',
      what: 'a sender that writes the header as JSON',
      explains: `The signature in ${header} stands in quotes (fits without: yes)`,
    },
    (mac) => JSON.stringify(`sha256=${hex(mac)}`),
    onHono,
  ),
  {
    cause: 'signature_repeated',
    what: 'a proxy that adds the header again',
    async scene() {
      const secret = newSecret();
      return {
        provider: grantex(),
        options: { secret },
        serve: onFastify,
        sent: await fromOldGrantex(secret),
        proxy(sent) {
          const signature = String(sent.headers[header]);
          return withHeaders(sent, { [header]: [signature, signature] });
        },
      };
    },
    explains: `The header ${header} came 2 times (the first fits: yes)`,
    fix: 'Look for a proxy that adds the header again',
    evidence: { header, form, fits: 'yes', times: 2 },
    corrected: () => ({ proxy: (sent) => sent }),
  },
  {
    ...written(
      {
        cause: 'signature_malformed',
        what: 'a sender whose variable is not set',
        explains: `What ${header} holds is not a signature: it is not ${form}, but 16 characters.`,
        fix: 'an unset variable',
      },
      () => `sha256=${String(undefined)}`,
      onExpress4,
    ),
    evidence: { header, form, characters: 16 },
  },
  {
    ...writtenStandard(
      {
        cause: 'signature_malformed',
        what: 'a sender of Standard Webhooks whose variable is not set',
        explains: `What webhook-signature holds is not a signature: it is not ${standardForm}, but 12 characters.`,
        fix: 'an unset variable',
      },
      () => `v1,${String(undefined)}`,
    ),
    evidence: { header: 'webhook-signature', form: standardForm, characters: 12 },
  },
];

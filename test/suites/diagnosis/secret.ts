import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grantex, grantiva, gravv, standardWebhooks } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import express from 'express';
import { expect, onTestFinished } from 'vitest';
import { onExpress4, onFastify, onHono } from './apps.ts';
import type { Mistake } from './mistake.ts';
import {
  fromGrantex,
  fromGrantiva,
  fromGravv,
  fromOldGrantex,
  fromStandard,
  newSecret,
  newStandardSecret,
} from './senders.ts';

/** A file that is gone when the test ends. */
function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookproof-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret');
  writeFileSync(path, text);
  return path;
}

/** A variable of an env file as `docker --env-file` reads it: all that follows the first `=`. */
function envOf(path: string, name: string): string {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}=`));
  return line?.slice(name.length + 1) ?? '';
}

function fingerprintOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}

const ofTenants = { b: newSecret(), c: newSecret() };
const swapped = { grantex: newSecret(), gravv: newSecret() };

/** A secret that is not what the sender signs with. */
export const secret: readonly Mistake[] = [
  {
    cause: 'secret_newline',
    what: 'a secret that echo wrote into a file',
    async scene() {
      const real = newSecret();
      const path = file(`${real}\n`);
      return { provider: grantex(), options: { secret: readFileSync(path, 'utf8') }, sent: await fromGrantex(real) };
    },
    explains: 'if the line break at an end of the option secret is taken away',
    fix: `what grantex gave. Files and "echo" add a line break: use printf '%s', or trim()`,
    evidence: { option: 'secret' },
    corrected: ({ options }) => ({ options: { secret: String(options.secret).trim() } }),
  },
  {
    cause: 'secret_newline',
    what: 'a line break that an env file spells with a backslash',
    async scene() {
      const real = newSecret();
      const secret = envOf(file(`GRANTEX_SECRET=${real}\\n\n`), 'GRANTEX_SECRET');
      return { provider: grantex(), options: { secret }, serve: onHono, sent: await fromGrantex(real) };
    },
    explains: 'if the line break at an end of the option secret is taken away',
    fix: 'it must be byte for byte what grantex gave',
    evidence: { option: 'secret' },
    corrected: ({ options }) => ({ options: { secret: String(options.secret).slice(0, -2) } }),
  },
  {
    cause: 'secret_newline',
    what: 'a secret read from a file as bytes, the second of a list',
    async scene() {
      const real = newSecret();
      const secret = [newSecret(), readFileSync(file(`${real}\r\n`))];
      return { provider: grantex(), options: { secret }, serve: onFastify, sent: await fromGrantex(real) };
    },
    explains: 'of the option secret[1] is taken away',
    fix: 'trim() where you read it',
    evidence: { option: 'secret[1]' },
    corrected: ({ options }) => ({ options: { secret: listOf(options.secret).map((one) => String(one).trim()) } }),
  },
  {
    cause: 'secret_whitespace',
    what: 'a space at the end of a line of an env file',
    async scene() {
      const real = newSecret();
      const secret = envOf(file(`PORT=80\nGRANTIVA_SECRET=${real} \n`), 'GRANTIVA_SECRET');
      return { provider: grantiva(), options: { secret }, serve: onHono, sent: await fromGrantiva(real) };
    },
    explains: 'if the spaces around the option secret are taken away',
    fix: 'it must be byte for byte what grantiva gave',
    evidence: { option: 'secret' },
    corrected: ({ options }) => ({ options: { secret: String(options.secret).trim() } }),
  },
  {
    cause: 'secret_quoted',
    what: 'quotes in an env file that docker reads',
    async scene() {
      const real = newSecret();
      const secret = envOf(file(`GRAVV_SECRET="${real}"\n`), 'GRAVV_SECRET');
      return { provider: gravv(), options: { secret: () => secret }, serve: onExpress4, sent: await fromGravv(real) };
    },
    explains: 'if the quotes around the option secret are taken away',
    fix: 'docker --env-file',
    evidence: { option: 'secret' },
    async corrected({ options }) {
      const { secret } = options;
      if (typeof secret !== 'function') throw new TypeError('The secret of this scene is a function.');
      const quoted = String(await secret(undefined));
      return { options: { secret: quoted.slice(1, -1) } };
    },
  },
  {
    cause: 'secret_prefix_missing',
    what: 'a secret that was copied from behind its prefix',
    async scene() {
      const real = `whsec_${newSecret()}`;
      return { provider: grantiva(), options: { secret: real.slice(6) }, sent: await fromGrantiva(real) };
    },
    explains: 'if the option secret has "whsec_" before it',
    fix: 'it must be byte for byte what grantiva gave',
    evidence: { option: 'secret' },
    corrected: ({ options }) => ({ options: { secret: `whsec_${String(options.secret)}` } }),
  },
  {
    cause: 'secret_prefix_unexpected',
    what: 'a sender that takes the prefix off before it signs',
    async scene() {
      const real = newSecret();
      return { provider: grantiva(), options: { secret: `whsec_${real}` }, sent: await fromGrantiva(real) };
    },
    explains: 'if the "whsec_" of the option secret is taken away',
    fix: 'configure the secret without it',
    evidence: { option: 'secret' },
    corrected: ({ options }) => ({ options: { secret: String(options.secret).slice('whsec_'.length) } }),
  },
  {
    cause: 'secret_decoded',
    what: 'a sender that decodes a secret in hex',
    async scene() {
      const bytes = randomBytes(32);
      const secret = bytes.toString('hex');
      return { provider: grantex(), options: { secret }, serve: onFastify, sent: await fromGrantex(bytes) };
    },
    explains: 'if the hex of the option secret is decoded',
    fix: "Give the receiver the decoded bytes, Buffer.from(secret, 'hex').",
    evidence: { option: 'secret', encoding: 'hex', give: "the decoded bytes, Buffer.from(secret, 'hex')" },
    corrected: ({ options }) => ({ options: { secret: Buffer.from(String(options.secret), 'hex') } }),
  },
  {
    cause: 'secret_decoded',
    what: 'a sender that decodes what follows a prefix',
    async scene() {
      const bytes = randomBytes(32);
      const secret = `whsec_${bytes.toString('base64')}`;
      return { provider: grantiva(), options: { secret }, sent: await fromGrantiva(bytes) };
    },
    explains: 'if the base64 of the option secret is decoded',
    fix: "Give the receiver the decoded bytes, Buffer.from(secret.slice(6), 'base64').",
    evidence: { option: 'secret', encoding: 'base64', give: expect.stringContaining('secret.slice(6)') },
    corrected: ({ options }) => ({ options: { secret: Buffer.from(String(options.secret).slice(6), 'base64') } }),
  },
  {
    cause: 'secret_decoded',
    what: 'a secret of Standard Webhooks given as the bytes of its text',
    async scene() {
      const real = newStandardSecret();
      const secret = readFileSync(file(`${real}\n`));
      return { provider: standardWebhooks(), options: { secret }, sent: await fromStandard(real) };
    },
    explains: 'if the base64 of the option secret is decoded',
    fix: 'Give the receiver the text and not its bytes, new TextDecoder().decode(secret).trim().',
    evidence: { option: 'secret', encoding: 'base64', give: expect.stringMatching(/^the text and not its bytes/) },
    corrected: ({ options }) => ({ options: { secret: String(options.secret).trim() } }),
  },
  {
    cause: 'secret_undecoded',
    what: 'an app that decodes a secret which is meant as a text',
    async scene() {
      const bytes = randomBytes(32);
      const sent = await fromGrantex(bytes.toString('base64'));
      return { provider: grantex(), options: { secret: bytes }, serve: onHono, sent };
    },
    explains: 'fits the text of the option secret as it is, and not the bytes that it stands for',
    fix: 'Give the receiver the text as it is shown, not decoded.',
    evidence: { option: 'secret', give: 'the text as it is shown, not decoded' },
    corrected: ({ options }) => ({ options: { secret: bytesOf(options.secret).toString('base64') } }),
  },
  ...[0, 'whsec_'.length].map((from): Mistake => {
    const inCode = from === 0 ? 'secret' : `secret.slice(${from})`;
    const give = `the bytes of that text, new TextEncoder().encode(${inCode})`;
    return {
      cause: 'secret_undecoded',
      what: `a sender of Standard Webhooks that signs with the text from character ${from} on`,
      async scene() {
        const secret = newStandardSecret();
        const sent = await fromStandard(new TextEncoder().encode(secret.slice(from)));
        return { provider: standardWebhooks(), options: { secret }, sent };
      },
      explains: 'fits the text of the option secret as it is',
      fix: `Give the receiver ${give}.`,
      evidence: { option: 'secret', give },
      corrected: ({ options }) => ({
        options: { secret: new TextEncoder().encode(String(options.secret).slice(from)) },
      }),
    };
  }),
  {
    cause: 'other_secret_fits',
    what: 'two receivers whose secrets are swapped',
    async scene() {
      return {
        provider: grantex(),
        options: { secret: swapped.gravv },
        serve: (provider, options) =>
          express().use(webhooks(provider, options), webhooks(gravv(), { on: {}, secret: swapped.grantex })),
        sent: await fromGrantex(swapped.grantex),
      };
    },
    explains: 'fits the secret of another receiver of this process, the one for gravv',
    fix: 'The secrets of two endpoints are swapped',
    evidence: { other: 'gravv', receiver: 'gravv', secretSha256: fingerprintOf(swapped.grantex) },
    corrected: () => ({ options: { secret: swapped.grantex } }),
  },
  {
    cause: 'other_secret_fits',
    what: 'three receivers of one provider on one path, of which the second has a name',
    async scene() {
      const secrets = ofTenants;
      return {
        provider: grantex(),
        options: { secret: newSecret() },
        path: '/hooks',
        serve: (provider, options) =>
          express().use(
            '/hooks',
            webhooks(provider, options),
            webhooks(grantex(), { ...options, receiverName: 'tenant-b', secret: secrets.b }),
            webhooks(grantex(), { ...options, secret: secrets.c }),
          ),
        sent: await fromGrantex(secrets.b),
      };
    },
    explains: `the one for grantex, named tenant-b, whose secret has the fingerprint ${fingerprintOf(ofTenants.b)}.`,
    fix: 'of two on one path the first answers everything',
    evidence: { other: 'grantex', receiver: 'tenant-b', secretSha256: fingerprintOf(ofTenants.b) },
    corrected: () => ({
      serve: (_provider, options) => express().use('/hooks', webhooks(grantex(), { ...options, secret: ofTenants.b })),
    }),
  },
  {
    cause: 'secret_absent',
    what: 'a secret function that knows no such tenant',
    async scene() {
      return {
        provider: grantex(),
        options: { secret: () => [] },
        serve: onHono,
        sent: await fromGrantex(newSecret()),
      };
    },
    explains: 'The secret function gave no secret for this request.',
    fix: 'Does it know the endpoint that was called, such as the tenant in its path?',
    evidence: {},
  },
  {
    cause: 'secret_absent',
    what: 'an owner who has no secret yet',
    async scene() {
      const secret = () => ({ owner: 'tenant-7', secrets: [] });
      return { provider: gravv(), options: { secret }, serve: onFastify, sent: await fromGravv(newSecret()) };
    },
    explains: 'The secret function gave no secret for this request',
    fix: 'Does it know the endpoint that was called',
    evidence: {},
  },
  {
    cause: 'nothing_fits',
    what: 'the secret of another environment',
    async scene() {
      const sent = await fromOldGrantex('of production');
      return { provider: grantex(), options: { secret: 'of the sandbox' }, sent };
    },
    explains: 'probably the secret is of another endpoint or environment',
    // As the commands of the fix print them.
    fix: /^Compare fingerprints\. .*must print 0c1466b4\. .* must begin with 912b7666, and it must be 169 bytes long\./,
    evidence: { secretSha256: '0c1466b4', bodySha256: '912b7666', bodyBytes: 169, trials: expect.any(Number) },
    corrected: () => ({ options: { secret: 'of production' } }),
  },
];

function listOf(secret: unknown): readonly unknown[] {
  if (!Array.isArray(secret)) throw new TypeError('The secret of this scene is a list.');
  return secret;
}

function bytesOf(secret: unknown): Buffer {
  if (!Buffer.isBuffer(secret)) throw new TypeError('The secret of this scene is bytes.');
  return secret;
}

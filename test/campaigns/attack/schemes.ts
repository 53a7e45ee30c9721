import { createHmac } from 'node:crypto';
import { defineProvider, grantex, grantiva, gravv, type Provider, standardWebhooks } from '@hookproof/core';

/** The clock of every receiver under attack, in seconds since 1970. */
export const now = 1_795_216_193;

/** One header as it is sent. */
export type Header = readonly [name: string, value: string];

/** Headers as a server holds them: by name in lower case, repeated ones joined. */
export type Joined = ReadonlyMap<string, string>;

/** What a sender puts under its signature. */
interface Signed {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Uint8Array;
}

/** What node:crypto says of a delivery, whatever Hookproof thinks. */
type Standing = 'unsigned' | 'forged' | 'stale' | 'genuine';

/** A signature scheme written down a second time, from the senders' documents and with node:crypto alone. */
export interface Scheme {
  readonly name: string;
  readonly provider: Provider;
  readonly secret: readonly string[];
  /** Key bytes of each secret. */
  readonly keys: readonly Uint8Array[];
  /** Headers that prove what is signed, made with this key. */
  readonly sign: (signed: Signed, key: Uint8Array) => readonly Header[];
  readonly judge: (headers: Joined, body: Uint8Array) => Standing;
  /** Bodies of types that the provider knows. */
  readonly samples: readonly string[];
}

// Two each, as while a secret is rotated.
const textSecrets = ['an old secret of no format', 'the new one, of no format either'];
const textKeys = textSecrets.map((secret) => Buffer.from(secret));
const binaryKeys = [Buffer.alloc(32, 3), Buffer.from('0123456789abcdef0123456789abcdef')];

function mac(key: Uint8Array, encoding: 'hex' | 'base64', before: string, body: Uint8Array): string {
  return createHmac('sha256', key).update(before, 'latin1').update(body).digest(encoding);
}

function timely(timestamp: string): Standing {
  return Math.abs(Number(timestamp) - now) <= 300 ? 'genuine' : 'stale';
}

/** Senders that sign the body and nothing else, with the first of these headers. */
function bodyOnly(names: readonly string[], prefix: string): Pick<Scheme, 'sign' | 'judge'> {
  const [header = ''] = names;
  return {
    sign: ({ body }, key) => [[header, prefix + mac(key, 'hex', '', body)]],
    judge(headers, body) {
      const name = names.find((candidate) => headers.has(candidate));
      if (name === undefined) return 'unsigned';
      const given = lowerHex(headers.get(name), prefix);
      return textKeys.some((key) => given === prefix + mac(key, 'hex', '', body)) ? 'genuine' : 'forged';
    },
  };
}

/** Hex in capitals is the same number; a prefix in capitals is another. */
function lowerHex(value: string | undefined, prefix: string): string | undefined {
  if (!value?.startsWith(prefix)) return value;
  return prefix + value.slice(prefix.length).replace(/[A-F]/g, (digit) => digit.toLowerCase());
}

const legacy = bodyOnly(['x-grantex-signature'], 'sha256=');

const v2: Pick<Scheme, 'sign' | 'judge'> = {
  sign: ({ timestamp, body }, key) => [
    ['x-grantex-timestamp', timestamp],
    ['x-grantex-signature-v2', `sha256=${mac(key, 'hex', `${timestamp}.`, body)}`],
  ],
  judge(headers, body) {
    const [timestamp, signature] = ['x-grantex-timestamp', 'x-grantex-signature-v2'].map((name) => headers.get(name));
    if (timestamp === undefined && signature === undefined) return 'unsigned';
    if (timestamp === undefined || !/^[0-9]{1,12}$/.test(timestamp)) return 'forged';
    const given = lowerHex(signature, 'sha256=');
    const good = textKeys.some((key) => given === `sha256=${mac(key, 'hex', `${timestamp}.`, body)}`);
    return good ? timely(timestamp) : 'forged';
  },
};

const standard: Pick<Scheme, 'sign' | 'judge'> = {
  sign: ({ id, timestamp, body }, key) => [
    ['webhook-id', id],
    ['webhook-timestamp', timestamp],
    ['webhook-signature', `v1,${mac(key, 'base64', `${id}.${timestamp}.`, body)}`],
  ],
  judge(headers, body) {
    const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map(
      (part) => headers.get(`webhook-${part}`) ?? headers.get(`svix-${part}`),
    );
    if (id === undefined && timestamp === undefined && signatures === undefined) return 'unsigned';
    if (id === undefined || timestamp === undefined || signatures === undefined) return 'forged';
    if (!/^[!-\-/-~]{1,256}$/.test(id) || !/^[0-9]{1,12}$/.test(timestamp)) return 'forged';
    const wanted = binaryKeys.map((key) => `v1,${mac(key, 'base64', `${id}.${timestamp}.`, body)}`);
    const given = signatures.split(' ').slice(0, 32);
    return wanted.some((one) => given.includes(one)) ? timely(timestamp) : 'forged';
  },
};

/** A provider of the user's own that puts time and signature in one header, as Stripe does. */
const stripe = defineProvider({
  name: 'stripe',
  signature: {
    header: 'Stripe-Signature',
    encoding: 'hex',
    prefix: 'v1=',
    separator: ',',
    signs: '{timestamp}.{body}',
    timestamp: { header: 'Stripe-Signature', prefix: 't=' },
  },
  envelope: { id: 'id', type: 'type', data: 'data' },
});

const stripeLike: Pick<Scheme, 'sign' | 'judge'> = {
  sign: ({ timestamp, body }, key) => [
    ['stripe-signature', `t=${timestamp},v1=${mac(key, 'hex', `${timestamp}.`, body)}`],
  ],
  judge(headers, body) {
    const entries = headers.get('stripe-signature')?.split(',').slice(0, 32);
    if (entries === undefined) return 'unsigned';
    const timestamp = entries.find((entry) => entry.startsWith('t='))?.slice(2) ?? '';
    if (!/^[0-9]{1,12}$/.test(timestamp)) return 'forged';
    const wanted = textKeys.map((key) => `v1=${mac(key, 'hex', `${timestamp}.`, body)}`);
    const given = entries.map((entry) => lowerHex(entry, 'v1='));
    return wanted.some((one) => given.includes(one)) ? timely(timestamp) : 'forged';
  },
};

const revoked = '{"id":"evt_1","type":"grant.revoked","createdAt":"x","data":{"grantId":"grnt_1","cascade":true}}';
const risky =
  '{"data":{"device_id":"","risk_score":"82"},"event":"device.high_risk","timestamp":"2026-11-20T23:09:31Z"}';
const inflow = '{"event_id":"1","event_data":{"amount":null,"tx_hash":null},"event_type":"inflow.completed"}';
const created = '{"type":"user.created","data":{"id":"user_1"}}';

const withTextSecrets: readonly Omit<Scheme, 'secret' | 'keys'>[] = [
  { name: 'grantiva', provider: grantiva(), samples: [risky], ...bodyOnly(['x-grantiva-signature'], 'sha256=') },
  { name: 'grantex v1', provider: grantex({ signature: 'v1' }), samples: [revoked], ...legacy },
  { name: 'grantex v2', provider: grantex({ signature: 'v2' }), samples: [revoked], ...v2 },
  {
    name: 'grantex auto',
    provider: grantex(),
    samples: [revoked],
    sign: (signed, key) => [...v2.sign(signed, key), ...legacy.sign(signed, key)],
    // Whoever strips one header of V2 must not get away with the legacy signature; who strips both does, as documented.
    judge: (headers, body) => {
      const standing = v2.judge(headers, body);
      return standing === 'unsigned' ? legacy.judge(headers, body) : standing;
    },
  },
  { name: 'gravv', provider: gravv(), samples: [inflow], ...bodyOnly(['x-gravv-signature', 'x-signature'], '') },
  { name: 'stripe-like', provider: stripe, samples: ['{"id":"1","type":"charge.succeeded","data":{}}'], ...stripeLike },
];

/** The names of the fields of an event, which all of these providers have in the body. */
export function fieldsOf({ envelope }: Provider): {
  readonly id: string;
  readonly type: string;
  readonly data: string;
} {
  const field = (part: unknown, otherwise: string) => (typeof part === 'string' ? part : otherwise);
  return { id: field(envelope.id, 'id'), type: field(envelope.type, 'type'), data: field(envelope.data, 'data') };
}

export const schemes: readonly Scheme[] = [
  ...withTextSecrets.map((scheme) => ({ ...scheme, secret: textSecrets, keys: textKeys })),
  {
    name: 'standard webhooks',
    provider: standardWebhooks(),
    secret: binaryKeys.map((key) => `whsec_${key.toString('base64')}`),
    keys: binaryKeys,
    samples: [created, '{"hello":"world"}'],
    ...standard,
  },
];

import fc from 'fast-check';
import { alter, alterations, legal } from './alterations.ts';
import { fieldsOf, type Header, now, type Scheme, schemes } from './schemes.ts';
import type { Sent } from './sent.ts';

/** Largest body that receivers under attack accept, in bytes. */
export const maxBodyBytes = 2_048;

const knownNames = [
  ...new Set(
    schemes.flatMap(({ provider }) =>
      provider.signature.flatMap(({ headers, id, timestamp }) => [
        ...headers,
        ...(id?.headers ?? []),
        ...(timestamp?.headers ?? []),
      ]),
    ),
  ),
];

// Of no effect on what is genuine, whatever they hold.
const harmlessNames = [
  ...['x-grantiva-event', 'x-grantiva-delivery', 'content-type', 'accept', 'accept-version', 'origin', 'cookie'],
  ...['x-forwarded-for', 'x-http-method-override', 'te', 'user-agent', 'range', 'if-none-match', 'forwarded'],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'hasOwnProperty',
    'toString',
    'valueOf',
    '0',
    '-1',
    'x_y',
    "!#$%&'*+-.^`|~",
  ],
];

const anyCase = (name: string) => fc.mixedCase(fc.constant(name));
const latin1 = fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code));
const nearly = [
  ...['', ' ', '0', '-1', 'NaN', '1e9', String(now), `${now}000`, ` ${now}`, `${now}.`, 'undefined', 'null', '{}', '%'],
  ...[
    'sha256=',
    `sha256=${'0'.repeat(64)}`,
    `sha256=${'F'.repeat(64)}`,
    '0'.repeat(64),
    `v1,${'A'.repeat(43)}=`,
    'v1,',
  ],
  ...[
    `t=${now}`,
    `t=${now},v1=${'0'.repeat(64)}`,
    't=,v1=',
    'v1a,',
    'msg_1',
    'a.b',
    ','.repeat(200),
    'v1, '.repeat(64),
  ],
  ...['gzip', 'text/plain', ';;', 'application/json; charset=utf-16', '*/*', 'x'.repeat(6_000), 'v1,='.repeat(1_500)],
];
const anyValue = fc.oneof(fc.constantFrom(...nearly), fc.string({ unit: latin1, maxLength: 40, size: 'max' }));
const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/).filter((name) => !framing.has(name.toLowerCase()));
// What Node's HTTP server acts upon before any app sees it; sockets.test.ts has these.
const framing = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'trailer']);

const harmless = fc.tuple(fc.oneof(fc.constantFrom(...harmlessNames).chain(anyCase), token), anyValue);
const junkHeader = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...knownNames).chain(anyCase), anyValue) },
  { weight: 1, arbitrary: harmless },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('Content-Encoding'), fc.constantFrom('gzip', 'identity', ' IDENTITY', '', 'br')),
  },
);

/** The text of an event that the scheme's provider could send. */
function eventText({ provider, samples }: Scheme): fc.Arbitrary<string> {
  const { id, type, data } = fieldsOf(provider);
  const event = fc
    .record({ id: fc.string(), type: fc.string({ unit: 'binary', maxLength: 40 }), data: fc.jsonValue() })
    .map((one) => ({ [id]: one.id, [type]: `attack.${one.type}`, [data]: one.data }));
  const spaces = fc.constantFrom(undefined, 1, '\t');
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...samples) },
    { weight: 3, arbitrary: fc.tuple(event, spaces).map(([value, space]) => JSON.stringify(value, undefined, space)) },
  );
}

function anyBody(scheme: Scheme): fc.Arbitrary<Uint8Array> {
  const encode = (value: string) => new TextEncoder().encode(value);
  return fc.oneof(
    { weight: 12, arbitrary: eventText(scheme).map(encode) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60, size: 'max' }) },
    { weight: 2, arbitrary: fc.json({ maxDepth: 2 }).map(encode) },
    {
      weight: 1,
      arbitrary: fc
        .integer({ min: maxBodyBytes - 1, max: 3 * maxBodyBytes })
        .map((length) => Buffer.alloc(length, ' ')),
    },
  );
}

const anyTransport = {
  method: fc.oneof(
    { weight: 30, arbitrary: fc.constant('POST') },
    { weight: 1, arbitrary: fc.constantFrom('GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS') },
  ),
  framing: fc.constantFrom('length' as const, 'chunked' as const),
  pieces: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }),
};

const strangeIds = [
  '',
  'msg.1',
  '.',
  `${now}.${now}`,
  'msg 1',
  'msg_\u00e9',
  'm'.repeat(256),
  'm'.repeat(257),
  '__proto__',
];

/** A delivery that the provider itself could send; its headers in any case and order, among others of no meaning. */
function genuine(scheme: Scheme): fc.Arbitrary<Sent> {
  const signed = fc.record({
    // An honest sender may still sign what no receiver may take for an id.
    id: fc.oneof({ weight: 9, arbitrary: fc.stringMatching(/^msg_[!-\-/-~]{1,20}$/) }, fc.constantFrom(...strangeIds)),
    timestamp: fc
      .oneof({ weight: 9, arbitrary: fc.integer({ min: -300, max: 300 }) }, fc.integer({ min: -900, max: 900 }))
      .map((offset) => String(now + offset)),
    body: anyBody(scheme),
  });
  const key = fc.constantFrom(...scheme.keys);
  const others = fc.array(harmless, { maxLength: 4 });
  return fc
    .tuple(signed, key, others, fc.record(anyTransport), fc.nat())
    .chain(([parts, by, more, transport, turn]) => {
      const own = scheme.sign(parts, by).map(([name, value]) => fc.tuple(anyCase(name), fc.constant(value)));
      return fc.tuple(...own).map((headers): Sent => {
        const all = [...headers, ...more];
        const first = turn % all.length;
        return { ...transport, headers: [...all.slice(first), ...all.slice(0, first)], body: parts.body };
      });
    });
}

/** A genuine delivery that somebody has laid hands on. */
function altered(scheme: Scheme): fc.Arbitrary<Sent> {
  return fc
    .tuple(genuine(scheme), fc.array(alterations, { minLength: 1, maxLength: 3 }))
    .map(([sent, steps]) => steps.reduce<Sent>((before, step) => alter(before, step, scheme, knownNames), sent));
}

function junk(scheme: Scheme): fc.Arbitrary<Sent> {
  return fc.record({ ...anyTransport, headers: fc.array(junkHeader, { maxLength: 6 }), body: anyBody(scheme) });
}

/** Whatever may be sent to a receiver of this scheme. Header values are such that HTTP can carry them. */
export function anyDelivery(scheme: Scheme): fc.Arbitrary<Sent> {
  return fc
    .oneof(
      { weight: 3, arbitrary: genuine(scheme) },
      { weight: 5, arbitrary: altered(scheme) },
      { weight: 2, arbitrary: junk(scheme) },
    )
    .map((sent) => ({ ...sent, headers: legalHeaders(sent.headers) }));
}

/** As much as Node takes: above 16 KiB it answers 431 before any app sees the delivery. */
function legalHeaders(headers: readonly Header[]): readonly Header[] {
  let bytes = 0;
  return headers
    .map(([name, value]): Header => [name, legal(value)])
    .filter(([name, value]) => {
      bytes += name.length + value.length + 4;
      return bytes < 15_000;
    });
}

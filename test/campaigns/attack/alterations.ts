import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { Header, Scheme } from './schemes.ts';
import type { Sent } from './sent.ts';

const ways = [
  ...(['body bytes', 'body bytes', 'header bytes', 'header bytes', 'move', 'move', 'affix'] as const),
  ...(['repeat', 'join', 'rename', 'remove', 'exchange', 'upper', 'forge'] as const),
];

/** One thing that is done to a delivery; the numbers say where, and with what. */
export interface Alteration {
  readonly way: (typeof ways)[number];
  readonly header: number;
  readonly at: number;
  readonly by: number;
}

const number = fc.nat({ max: 4_095 });
export const alterations: fc.Arbitrary<Alteration> = fc.record({
  way: fc.constantFrom(...ways),
  header: number,
  at: number,
  by: number,
});

export function alter(sent: Sent, { way, header, at, by }: Alteration, scheme: Scheme, names: readonly string[]): Sent {
  const { headers, body } = sent;
  if (headers.length === 0) return sent;
  const place = header % headers.length;
  const [name = 'x', value = ''] = headers[place] ?? [];
  const replaced = (...by: readonly Header[]) => ({ ...sent, headers: headers.toSpliced(place, 1, ...by) });
  switch (way) {
    case 'body bytes':
      return { ...sent, body: mangle(body, at, by) };
    case 'header bytes':
      return replaced([name, toText(mangle(toBytes(value), at, by))]);
    case 'move':
      return move(sent, at, by);
    case 'affix':
      return replaced([name, affixed(value, by)]);
    case 'repeat':
      return replaced([name, value], [name, by % 2 === 0 ? value : toText(mangle(toBytes(value), at, by >> 1))]);
    case 'join':
      return replaced([name, [value, value].join(pick([', ', ',', ' ', ';', '\t'], by))]);
    case 'rename':
      return replaced([pick(names, by), value]);
    case 'remove':
      return replaced();
    case 'exchange': {
      const [other = 'x', with_ = ''] = headers[by % headers.length] ?? [];
      return { ...sent, headers: headers.with(place, [name, with_]).with(by % headers.length, [other, value]) };
    }
    case 'upper':
      return replaced([name, by % 2 === 0 ? value.toUpperCase() : value.toLowerCase()]);
    case 'forge':
      return replaced([name, forged(value, body, scheme, by)]);
  }
}

/** Flips a bit, or drops, doubles, exchanges, adds or cuts bytes. */
function mangle(bytes: Uint8Array, at: number, by: number): Uint8Array {
  const here = bytes.length === 0 ? 0 : at % bytes.length;
  const [start, rest] = [[...bytes.subarray(0, here)], [...bytes.subarray(here)]];
  const [byte = 0, next = 0, ...tail] = rest;
  switch (by % 6) {
    case 0:
      return Uint8Array.from([...start, byte ^ (1 << ((by >> 3) & 7)), ...rest.slice(1)]);
    case 1:
      return Uint8Array.from([...start, ...rest.slice(1)]);
    case 2:
      return Uint8Array.from([...start, byte, ...rest]);
    case 3:
      return rest.length < 2 ? bytes : Uint8Array.from([...start, next, byte, ...tail]);
    case 4:
      return Uint8Array.from([...start, (by >> 3) & 0xff, ...rest]);
    default:
      return by % 4 === 1 ? Uint8Array.from(start) : Uint8Array.from(rest);
  }
}

/** Moves bytes over the border between two of the things that are signed one after the other. */
function move(sent: Sent, at: number, by: number): Sent {
  const isPart = ([name]: Header) => /-(id|timestamp)$/i.test(name);
  const parts = sent.headers.filter(isPart).toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const texts = [...parts.map(([, value]) => value), toText(sent.body)];
  if (texts.length < 2) return sent;
  const left = at % (texts.length - 1);
  const whole = [texts[left] ?? '', texts[left + 1] ?? ''].join(by % 3 === 0 ? '' : '.');
  const border = by % 2 === 0 ? by % (whole.length + 1) : Math.max(0, whole.indexOf('.', at % (whole.length + 1)));
  const moved = texts.with(left, whole.slice(0, border)).with(left + 1, whole.slice(border + (by % 5 === 0 ? 0 : 1)));
  const headers = sent.headers.map(
    (header): Header => (isPart(header) ? [header[0], moved[parts.indexOf(header)] ?? ''] : header),
  );
  return { ...sent, headers, body: toBytes(moved.at(-1) ?? '') };
}

const affixes = ['sha256=', 'SHA256=', 'sha1=', 'v1,', 'v1=', 'v1a,', 't=', ' ', '"', '0', '\t', ',', '='];

function affixed(value: string, by: number): string {
  const affix = pick(affixes, by >> 2);
  switch (by % 4) {
    case 0:
      return affix + value;
    case 1:
      return value + affix;
    case 2:
      return value.replace(/^(sha256=|v1,|t=)/, affix);
    default:
      return value.replace(/^(sha256=|v1,|t=)/, '');
  }
}

/** A signature that is made well, but of the wrong thing or without the secret. */
function forged(value: string, body: Uint8Array, scheme: Scheme, by: number): string {
  const [key = new Uint8Array()] = scheme.keys;
  const encoding = value.includes('v1,') ? 'base64' : 'hex';
  const prefix = /^(sha256=|v1,|t=[^,]*,v1=|)/.exec(value)?.[0] ?? '';
  const hmac = (algorithm: string, secret: Uint8Array, text: Uint8Array) =>
    createHmac(algorithm, secret).update(text).digest(encoding);
  const made = [
    hmac('sha256', key, body),
    hmac('sha256', key, new Uint8Array()),
    hmac('sha1', key, body),
    hmac('sha512', key, body),
    hmac('sha256', new Uint8Array(), body),
    hmac('sha256', Buffer.from('undefined'), body),
    createHash('sha256').update(body).digest(encoding),
  ];
  return prefix + pick(made, by);
}

/** Only what HTTP can carry in a header. */
export function legal(value: string): string {
  return [...value].map((unit) => (/[\t\x20-\x7e\x80-\xff]/.test(unit) ? unit : '~')).join('');
}

function pick<T>(list: readonly [T, ...T[]] | readonly T[], by: number): T {
  const picked = list[by % list.length];
  if (picked === undefined) throw new RangeError('there is nothing to pick from');
  return picked;
}

function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

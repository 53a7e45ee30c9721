import { type Provider, type Secret, signBody } from '@hookproof/core';
import type { UnsignedDelivery } from '../signed-delivery.ts';
import type { SendingBehaviour } from './behaviours.ts';
import type { Faults } from './faults.ts';

/** What one attempt puts on the wire. */
export interface SignedAttempt {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** What an attempt is made of. */
export interface AttemptParts {
  readonly provider: Provider;
  readonly behaviour: SendingBehaviour;
  /** The secrets that sign; several while they overlap. */
  readonly secrets: readonly Secret[];
  readonly url: URL;
  readonly delivery: UnsignedDelivery;
  readonly faults: Faults | undefined;
  /** When it is signed, in milliseconds since 1970. */
  readonly at: number;
}

type Scheme = Provider['signature'][number];

/** Signs a delivery for one attempt, spoils what its faults say, and brings its headers into the provider's form. */
export async function signAttempt(parts: AttemptParts): Promise<SignedAttempt> {
  const { delivery, faults, behaviour, url } = parts;
  const signed = await signatures(parts);
  for (const scheme of schemesOf(parts.provider)) {
    const [name = ''] = scheme.headers;
    if (faults?.withoutSignature) signed.delete(name);
    else tamper(signed, scheme, faults?.tamper);
  }
  const body = faults?.tamper === 'body' ? otherBytes(delivery.body) : delivery.body;
  const framing = new Map([
    ['host', url.host],
    ['connection', 'keep-alive'],
    ['content-length', String(body.length)],
    ['transfer-encoding', 'chunked'],
    ['user-agent', behaviour.userAgent],
  ]);
  const made = new Map([...Object.entries(delivery.headers), ...renamed(signed, parts), ...lowerCase(delivery.given)]);
  const headers: [string, string][] = [];
  for (const name of behaviour.headers) {
    const value = made.get(name.toLowerCase()) ?? framing.get(name.toLowerCase());
    if (value !== undefined) headers.push([name, value]);
    made.delete(name.toLowerCase());
  }
  return { headers: [...headers, ...made], body };
}

/** The headers of every scheme: a provider sends all, whichever of them the receiver accepts. */
async function signatures({ provider, secrets, delivery, faults, at }: AttemptParts): Promise<Map<string, string>> {
  const schemes = schemesOf(provider);
  const timestamp = Math.floor(at / 1_000) - (faults?.signedSecondsAgo ?? 0);
  const random = () => crypto.getRandomValues(new Uint8Array(Math.max(32, provider.secret.minBytes ?? 0)));
  const headers = new Map<string, string>();
  for (const secret of faults?.wrongSecret ? [random()] : secrets) {
    const signing = { body: delivery.body, id: delivery.id, secret, timestamp };
    const signed = await signBody({ ...provider, signature: schemes }, signing);
    for (const [name, value] of Object.entries(signed)) {
      const scheme = schemes.find((one) => one.headers[0] === name);
      headers.set(name, joined(headers.get(name), value, scheme?.separator));
    }
  }
  return headers;
}

/** Several signatures in one header, each entry once. */
function joined(before: string | undefined, value: string, separator: string | undefined): string {
  if (before === undefined || separator === undefined) return value;
  return [...new Set([...before.split(separator), ...value.split(separator)])].join(separator);
}

function schemesOf(provider: Provider): readonly Scheme[] {
  return [...provider.signature, ...provider.notAccepted];
}

/** Headers under the names that the behaviour lists, where a scheme knows several. */
function renamed(signed: ReadonlyMap<string, string>, { provider, behaviour }: AttemptParts): [string, string][] {
  const listed = new Set(behaviour.headers.map((name) => name.toLowerCase()));
  const families = schemesOf(provider).flatMap(({ headers, timestamp, id }) => [
    headers,
    timestamp?.headers ?? [],
    id?.headers ?? [],
  ]);
  return [...signed].map(([name, value]) => {
    const family = families.find(([first]) => first === name) ?? [];
    return [family.find((other) => listed.has(other)) ?? name, value];
  });
}

function lowerCase(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
}

/** Alters one part of what a scheme sends so that it keeps its form. */
function tamper(signed: Map<string, string>, scheme: Scheme, part: Faults['tamper']): void {
  const alter = (name: string | undefined, prefix: string, other: (text: string) => string) => {
    const value = name === undefined ? undefined : signed.get(name);
    if (name === undefined || value === undefined) return;
    const entries = scheme.separator === undefined ? [value] : value.split(scheme.separator);
    const altered = entries.map((entry) =>
      entry.startsWith(prefix) ? prefix + other(entry.slice(prefix.length)) : entry,
    );
    signed.set(name, altered.join(scheme.separator ?? ''));
  };
  const otherStart = (text: string) => `${text.startsWith('1') ? '2' : '1'}${text.slice(1)}`;
  if (part === 'signature') alter(scheme.headers[0], scheme.prefix, otherStart);
  if (part === 'id') alter(scheme.id?.headers[0], '', otherStart);
  if (part === 'timestamp') {
    alter(scheme.timestamp?.headers[0], scheme.timestamp?.prefix ?? '', (seconds) => String(Number(seconds) + 1));
  }
}

/** The same with one bit of the middle byte turned; a byte where there was none. */
function otherBytes(bytes: Uint8Array): Uint8Array {
  const middle = bytes.length >> 1;
  return bytes.length === 0 ? Uint8Array.of(0x20) : bytes.map((byte, index) => (index === middle ? byte ^ 1 : byte));
}

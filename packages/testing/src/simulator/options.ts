import type { EventType, Provider, Secret } from '@hookproof/core';
import { checkNames, invalid, type OptionNames } from '@hookproof/core/strict';
import type { RawEvent, TypedEvent } from '../signed-delivery.ts';
import { longest, type SendingBehaviour } from './behaviours.ts';
import { checkFunction, checkNumber } from './check.ts';
import type { Faults } from './faults.ts';
import type { SimulatedAttempt, SimulatedDelivery } from './log.ts';

/** An event of a type that there is a sample of, by its name; or one of your own. */
export type SimulatedEvent<P extends Provider> = EventType<P> | (string & {}) | TypedEvent<P> | RawEvent;

/** Options of `simulateProvider`. */
export interface SimulatorOptions {
  /** Where deliveries go, `http:` or `https:`. */
  readonly url: string | URL;
  /** What deliveries are signed with. */
  readonly secret: Secret;
  /** How many times faster than real the waits between attempts pass; 1 by default, `Infinity` for none. */
  readonly speed?: number | undefined;
  /** What the provider does differently; needed where one that is not built in sends more than one attempt. */
  readonly behaviour?: Partial<SendingBehaviour> | undefined;
  /** Faults of every delivery; those of a `send` take their place. */
  readonly faults?: Faults | undefined;
  /** Called after each attempt, with the delivery as it stands then. What it throws rejects the `send`. */
  readonly onAttempt?: ((delivery: SimulatedDelivery, attempt: SimulatedAttempt) => void) | undefined;
  /** How many of the last deliveries `log` keeps; 10,000 by default. */
  readonly keepLast?: number | undefined;
  /** Certificates to trust instead of the system's, in PEM, for a server of your own. */
  readonly ca?: string | undefined;
  /** The clock that signatures are made with, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

/** Options of `send`. */
export interface SendOptions {
  /** Faults of this delivery, instead of those of the provider. */
  readonly faults?: Faults | undefined;
  /** The delivery's id, where the provider sends one; a random one by default. */
  readonly id?: string | undefined;
  /** Ends the delivery at once: it is `aborted` then. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `sendAll`. */
export interface SendAllOptions {
  /** How many attempts are on the wire at once; 10 by default, at most 1,000. */
  readonly concurrency?: number | undefined;
  /** How many deliveries begin in a second; as many as `concurrency` lets by default. */
  readonly ratePerSecond?: number | undefined;
  /** In which order they begin; as given by default. */
  readonly order?: 'given' | 'reversed' | 'shuffled' | undefined;
  /** A whole number that decides the order of `shuffled`; 1 by default, so that every run is the same. */
  readonly seed?: number | undefined;
  /** Faults of these deliveries, instead of those of the provider. */
  readonly faults?: Faults | undefined;
  /** Ends all of them at once; those that have not begun are `aborted` without an attempt. */
  readonly signal?: AbortSignal | undefined;
  /** Begins no attempt any more: those on the wire come to their end, and what waits is `aborted`. */
  readonly until?: AbortSignal | undefined;
}

const optionNames: OptionNames<SimulatorOptions> = {
  url: true,
  secret: true,
  speed: true,
  behaviour: true,
  faults: true,
  onAttempt: true,
  keepLast: true,
  ca: true,
  now: true,
};

/** Checks what is not checked where it is used; throws `invalid_options` with the option's name. */
export function checkOptions(provider: Provider, given: SimulatorOptions): SimulatorOptions {
  if (typeof provider?.schemaFor !== 'function') throw invalid('provider must be what a factory returns: grantex()');
  const options = checkNames('simulateProvider', given, optionNames);
  checkSecret(provider, options.secret);
  checkFunction('onAttempt', options.onAttempt);
  checkFunction('now', options.now);
  checkNumber('keepLast', options.keepLast, { from: 0, to: 1_000_000, whole: true });
  if (typeof (options.ca ?? '') !== 'string') throw invalid('ca must be a certificate in PEM');
  const { speed = 1 } = options;
  if (typeof speed !== 'number' || !(speed > 0)) throw invalid('speed must be a number above 0, or Infinity');
  return options;
}

/** The address, checked. */
export function checkUrl(given: unknown): URL {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : given;
  if (!(url instanceof URL) || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid('url must be an address with http: or https:, such as http://localhost:3000/webhooks');
  }
  if (url.username !== '' || url.password !== '') throw invalid('url must hold no user and no password');
  return new URL(url);
}

/** Refuses a secret that the provider could not have. */
export function checkSecret(provider: Provider, secret: unknown): void {
  const { encoding, minBytes = 1 } = provider.secret;
  const [prefix = ''] = prefixesOf(provider);
  const bytes = typeof secret === 'string' && secret.trim() !== '' ? bytesOf(secret, provider) : secret;
  if (!(bytes instanceof Uint8Array)) {
    throw invalid('secret must be the text that the provider shows, or bytes, and not empty');
  }
  // A short text works wherever it is no real provider's.
  if (bytes.length >= (encoding === 'utf8' ? 1 : minBytes)) return;
  throw invalid(`secret must be ${prefix && `"${prefix}" and `}at least ${minBytes} bytes in base64`);
}

/** No bytes where the text is not in the provider's form. */
function bytesOf(secret: string, provider: Provider): Uint8Array {
  if (provider.secret.encoding === 'utf8') return Buffer.from(secret);
  const text = secret.slice(prefixesOf(provider).find((prefix) => secret.startsWith(prefix))?.length);
  return Buffer.from(/^[\w+/-]+=*$/.test(text) ? text : '', 'base64');
}

function prefixesOf({ secret: { prefix = [] } }: Provider): readonly string[] {
  return typeof prefix === 'string' ? [prefix] : prefix;
}

/** Refuses two secrets at once where the scheme can carry one signature only. */
export function checkOverlap(provider: Provider): void {
  const single = [...provider.signature, ...provider.notAccepted].find(({ separator }) => separator === undefined);
  if (single === undefined) return;
  throw invalid(
    `overlap has no place: ${single.headers[0]} carries one signature only, so ${provider.name} signs with one secret`,
  );
}

const sendAllNames: OptionNames<SendAllOptions> = {
  concurrency: true,
  ratePerSecond: true,
  order: true,
  seed: true,
  faults: true,
  signal: true,
  until: true,
};

/** Checks the options of `send`. */
export function checkSend(given: SendOptions): SendOptions {
  const options = checkNames<SendOptions>('send', given, { faults: true, id: true, signal: true });
  checkSignal('signal', options.signal);
  if (options.id !== undefined && !/^[\x21-\x7e]{1,256}$/.test(options.id)) {
    throw invalid('id must be 1 to 256 visible characters');
  }
  return options;
}

/** Checks the options of `sendAll`. */
export function checkSendAll(given: SendAllOptions): SendAllOptions {
  const options = checkNames('sendAll', given, sendAllNames);
  checkSignal('signal', options.signal);
  checkSignal('until', options.until);
  checkNumber('concurrency', options.concurrency, { from: 1, to: 1_000, whole: true });
  checkNumber('ratePerSecond', options.ratePerSecond, { from: 0.001, to: 1_000_000 });
  checkNumber('seed', options.seed, { from: 0, to: longest, whole: true });
  if (!['given', 'reversed', 'shuffled', undefined].includes(options.order)) {
    throw invalid(`order must be 'given', 'reversed' or 'shuffled'`);
  }
  return options;
}

function checkSignal(option: string, signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid(`${option} must be an AbortSignal`);
}

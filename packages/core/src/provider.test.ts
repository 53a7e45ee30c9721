import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { WebhookError } from './error.ts';
import { isBelow } from './event/event.ts';
import type { SignatureScheme } from './proof/scheme.ts';
import { defineProvider } from './provider.ts';

const hex: SignatureScheme = { header: 'x-acme-signature', encoding: 'hex' };
const envelope = { id: 'id', type: 'type', timestamp: 'at', data: 'data' };

function define(signature: SignatureScheme | readonly SignatureScheme[], name = 'acme') {
  return defineProvider({ name, signature, envelope });
}

function mistake(make: () => unknown): WebhookError {
  try {
    make();
  } catch (error) {
    if (error instanceof WebhookError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('defineProvider', () => {
  it.each(['', 'Acme', 'acme corp', 'acme/hooks', 'acme.dev', 'ácme', 'acme\n'])('refuses the name %j', (name) => {
    expect(mistake(() => define(hex, name))).toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/^defineProvider\(".*name must be/s),
    });
  });

  it.each(['acme', 'acme-2', '2'])('takes the name %j', (name) => {
    expect(define(hex, name).name).toBe(name);
  });

  it('refuses an empty list of schemes', () => {
    expect(mistake(() => define([]))).toMatchObject({
      code: 'invalid_options',
      message: 'defineProvider("acme"): signature must be a scheme or a list of schemes.',
    });
  });

  const timestamp = { header: 'x-acme-timestamp' };
  const id = { header: 'x-acme-id' };
  it.each<[what: string, scheme: SignatureScheme, message: RegExp]>([
    ['an empty header', { ...hex, header: '' }, /must name at least one header/],
    ['no header at all', { ...hex, header: [] }, /must name at least one header/],
    ['an empty one among its headers', { ...hex, header: ['x-acme', ''] }, /must name at least one header/],
    [
      'no header for the time',
      { ...hex, timestamp: { header: [] }, signs: '{timestamp}.{body}' },
      /at least one header/,
    ],
    ['no header for the id', { ...hex, id: { header: '' }, signs: '{id}.{body}' }, /at least one header/],
    [
      'an encoding that there is not',
      JSON.parse('{"header":"x","encoding":"HEX"}'),
      /encoding must be 'hex' or 'base64'/,
    ],
    [
      'a hash of objects',
      JSON.parse('{"header":"x","encoding":"hex","algorithm":"constructor"}'),
      /sha1, sha256, sha384/,
    ],
    ['an empty separator', { ...hex, separator: '' }, /separator must not be empty/],
    ['signs without {body}', { ...hex, signs: '' }, /must end with \{body\}/],
    ['signs that goes on after {body}', { ...hex, signs: '{body}.' }, /must end with \{body\}/],
    ['signs with {body} twice', { ...hex, signs: '{body}.{body}' }, /knows \{id\}, \{timestamp\} and \{body\}/],
    ['a name that signs does not know', { ...hex, signs: '{url}.{body}' }, /knows \{id\}, \{timestamp\} and \{body\}/],
    ['an unknown name after a known one', { ...hex, id, signs: '{id}.{url}.{body}' }, /knows \{id\}, \{timestamp\}/],
    ['a brace of its own', { ...hex, signs: '}.{body}' }, /knows \{id\}, \{timestamp\} and \{body\}/],
    ['{id} without its header', { ...hex, signs: '{id}.{body}' }, /\{id\} if, and only if, id\.header/],
    ['{timestamp} without its header', { ...hex, signs: '{timestamp}.{body}' }, /if, and only if, timestamp\.header/],
    ['an id that is not signed', { ...hex, id }, /\{id\} if, and only if, id\.header/],
    ['a timestamp that is not signed', { ...hex, timestamp }, /if, and only if, timestamp\.header/],
    ['{timestamp} with nothing after it', { ...hex, timestamp, signs: '{timestamp}{body}' }, /after \{timestamp\}/],
    ['{timestamp} followed by a digit', { ...hex, timestamp, signs: '{timestamp}0.{body}' }, /after \{timestamp\}/],
    ['{id} with nothing after it', { ...hex, id, signs: '{id}{body}' }, /after \{id\}/],
    ['{id} right before {timestamp}', { ...hex, id, timestamp, signs: '{id}{timestamp}.{body}' }, /after \{id\}/],
  ])('refuses %s', (_what, scheme, message) => {
    expect(mistake(() => define(scheme))).toMatchObject({ code: 'invalid_options' });
    expect(mistake(() => define(scheme)).message).toMatch(/^defineProvider\("acme"\): signature\./);
    expect(mistake(() => define(scheme)).message).toMatch(message);
  });

  it('refuses a mistake in any of several schemes', () => {
    expect(mistake(() => define([hex, { ...hex, signs: '{body} ' }]))).toMatchObject({ code: 'invalid_options' });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -1])('refuses a scheme with toleranceSeconds: %s', (seconds) => {
    const scheme = { ...hex, signs: '{timestamp}.{body}', timestamp: { ...timestamp, toleranceSeconds: seconds } };
    expect(mistake(() => define(scheme))).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('toleranceSeconds'),
    });
  });

  it.each(['nonsense', 'hex', 'BASE64', '', null, 64])('refuses a secret in the encoding %j', (encoding) => {
    const made = () =>
      Reflect.apply(defineProvider, undefined, [{ name: 'acme', signature: hex, envelope, secret: { encoding } }]);
    expect(mistake(made)).toMatchObject({
      code: 'invalid_options',
      message: `defineProvider("acme"): secret.encoding must be 'utf8' or 'base64'.`,
    });
  });

  it.each(['key', 'bare'])('refuses a %s that is not a function', (option) => {
    const made = () =>
      Reflect.apply(defineProvider, undefined, [{ name: 'acme', signature: hex, envelope, [option]: 'id' }]);
    expect(mistake(made)).toMatchObject({
      code: 'invalid_options',
      message: `defineProvider("acme"): ${option} must be a function.`,
    });
  });

  it('makes a value that nobody can change', () => {
    expect(Object.isFrozen(define(hex))).toBe(true);
  });

  it('uses the secret as UTF-8 text unless told otherwise', () => {
    expect(define(hex).secret).toEqual({ encoding: 'utf8' });
  });
});

describe('the schemas of a provider', () => {
  const [exact, family] = [z.string(), z.number()];
  const provider = defineProvider({
    name: 'acme',
    signature: hex,
    envelope,
    events: { 'invoice.paid': exact, 'invoice.status.*': family },
  });

  it('are found by the exact type', () => {
    expect(provider.schemaFor('invoice.paid')).toBe(exact);
    expect(provider.schemaFor('invoice.paid.twice')).toBeUndefined();
    expect(provider.schemaFor('invoice')).toBeUndefined();
    expect(provider.schemaFor('invoice.pain')).toBeUndefined();
  });

  it('are found by the family for every type below it, at any depth', () => {
    expect(provider.schemaFor('invoice.status.open')).toBe(family);
    expect(provider.schemaFor('invoice.status.open.again')).toBe(family);
  });

  it('of a family do not fit the family alone, or a word that only begins so', () => {
    expect(provider.schemaFor('invoice.status')).toBeUndefined();
    expect(provider.schemaFor('invoice.status.')).toBeUndefined();
    expect(provider.schemaFor('invoice.statusquo')).toBeUndefined();
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', ''])('know no type %j', (type) => {
    expect(provider.schemaFor(type)).toBeUndefined();
  });

  it('know the type "constructor" where the provider declares it', () => {
    const odd = defineProvider({ name: 'odd', signature: hex, envelope, events: { constructor: exact } });
    expect(odd.schemaFor('constructor')).toBe(exact);
  });
});

describe('isBelow', () => {
  it('wants the start and something after it', () => {
    expect(isBelow('device.new', 'device.')).toBe(true);
    expect(isBelow('device.', 'device.')).toBe(false);
    expect(isBelow('my.device.new', 'device.')).toBe(false);
  });
});

import type * as core from 'zod/v4/core';
import type { DeliveryHeaders } from './bytes/headers.ts';
import { invalid } from './error.ts';
import { type EventSchemas, isBelow, type JsonObject } from './event/event.ts';
import type { BareEvent, EnvelopeFields, EventFormat, KeyFacts } from './event/format.ts';
import { keyFrom } from './event/key.ts';
import { checkNames } from './option-names.ts';
import { compileScheme, type SignatureScheme } from './proof/scheme.ts';
import type { SecretFormat, Signer } from './proof/signer.ts';
import type { Awaitable } from './timing/awaitable.ts';

/** A provider described as data. */
export interface ProviderDefinition<Name extends string, Events extends EventSchemas> {
  /** Lower-case letters, digits and dashes; part of the default path. */
  readonly name: Name;
  /** How it signs. Of several schemes, the first of which any header is present must verify. */
  readonly signature: SignatureScheme | readonly SignatureScheme[];
  /** Schemes by which it also signs, but which are not accepted: only the diagnosis looks for them. */
  readonly notAccepted?: readonly SignatureScheme[];
  /** How its secret becomes key bytes; UTF-8 text by default. */
  readonly secret?: SecretFormat;
  readonly envelope: EnvelopeFields;
  /**
   * Reads a body that has no type, or no data, where `envelope` says. Undefined leaves it as it is: `invalid_event` where
   * it has no type.
   */
  readonly bare?: (body: JsonObject, headers: DeliveryHeaders) => BareEvent | undefined;
  /** Zod schemas of `data` by event type. Without it every type is welcome and `data` is unknown. */
  readonly events?: Events;
  /**
   * What makes two deliveries the same event; undefined where nothing tells. By default the event's id, else the
   * hash of a body that carries a timestamp, else undefined.
   */
  readonly key?: (facts: KeyFacts) => Awaitable<string | undefined>;
  /** Headers that help but are not signed. */
  readonly headers?: { readonly deliveryId?: string; readonly type?: string };
  /** How long the provider waits for a reply, in milliseconds. */
  readonly timeoutMs?: number;
}

/** A provider that {@link defineProvider} has checked: how it signs, and what its events look like. */
export interface Provider<Name extends string = string, Events extends EventSchemas = EventSchemas>
  extends Signer,
    EventFormat<Events> {
  readonly name: Name;
  /** How long it waits for a reply, in milliseconds; undefined where that is not known. */
  readonly timeoutMs: number | undefined;
}

/**
 * Makes a provider from its description, checking it once.
 *
 * @returns a value for `createReceiver`, `verifyDelivery` and every adapter's `webhooks`
 * @throws WebhookError `invalid_options` where the description contradicts itself
 *
 * @example
 * ```ts
 * import { defineProvider } from '@hookproof/core';
 * import * as z from 'zod';
 *
 * export const acme = () =>
 *   defineProvider({
 *     name: 'acme',
 *     signature: { header: 'x-acme-signature', encoding: 'hex', prefix: 'sha256=' },
 *     envelope: { id: 'id', type: 'type', timestamp: 'created_at', data: 'data' },
 *     events: { 'invoice.paid': z.looseObject({ invoice: z.string(), amount: z.string() }) },
 *   });
 * ```
 */
export function defineProvider<const Name extends string, Events extends EventSchemas = EventSchemas>(
  given: ProviderDefinition<Name, Events>,
): Provider<Name, Events> {
  const { name } = given;
  const of = `defineProvider("${name}")`;
  if (typeof name !== 'string' || !/^[a-z0-9-]+$/.test(name)) {
    throw invalid(`${of}: name must be lower-case letters, digits and dashes`);
  }
  const definition = ownDefinition(of, given);
  const { signature, events, envelope, secret } = definition;
  const schemes: readonly SignatureScheme[] = Array.isArray(signature) ? signature : [signature];
  if (schemes.length === 0 || !schemes.every((scheme) => typeof scheme === 'object' && scheme !== null)) {
    throw invalid(`${of}: signature must be a scheme or a list of schemes`);
  }
  if (secret.encoding !== 'utf8' && secret.encoding !== 'base64') {
    throw invalid(`${of}: secret.encoding must be 'utf8' or 'base64'`);
  }
  for (const name of ['key', 'bare'] as const) {
    if (typeof (definition[name] ?? keyFrom) !== 'function') throw invalid(`${of}: ${name} must be a function`);
  }
  for (const [event, schema] of Object.entries<unknown>(events ?? {})) {
    if (typeof schema !== 'object' || schema === null || !('_zod' in schema)) {
      throw invalid(`${of}: events["${event}"] must be a schema of zod 4`);
    }
  }
  const headers = {
    deliveryId: definition.headers?.deliveryId?.toLowerCase(),
    type: definition.headers?.type?.toLowerCase(),
  };
  const compiled = schemes.map((scheme) => compileScheme(scheme, name));
  const { id } = envelope;
  // The id that every scheme signs is the event's in any case, and needs no bound.
  if (typeof id === 'object' && compiled.every((scheme) => scheme.id?.headers.join() === id.header)) {
    Reflect.deleteProperty(envelope, 'id');
  }
  const provider: Provider<Name, Events> = {
    name,
    signature: compiled,
    notAccepted: (definition.notAccepted ?? []).map((scheme) => compileScheme(scheme, name)),
    secret,
    envelope,
    bare: definition.bare,
    events,
    schemaFor: schemaLookup(events),
    key: definition.key ?? keyFrom(envelope),
    headers,
    deliveryId: (given) => headers.deliveryId && given.get(headers.deliveryId),
    timeoutMs: definition.timeoutMs,
  };
  return Object.freeze(provider);
}

/** A description of which the names are checked, except those of its schemes and of the events, which are the provider's own. */
function ownDefinition<Name extends string, Events extends EventSchemas>(
  of: string,
  given: ProviderDefinition<Name, Events>,
) {
  const definition = checkNames<ProviderDefinition<Name, Events>>(of, given, {
    name: true,
    signature: true,
    notAccepted: true,
    secret: true,
    envelope: true,
    bare: true,
    events: true,
    key: true,
    headers: true,
    timeoutMs: true,
  });
  const { envelope, secret = { encoding: 'utf8' }, headers = {} } = definition;
  return Object.assign(definition, {
    envelope: ownEnvelope(of, envelope),
    secret: checkNames<SecretFormat>(`secret in ${of}`, secret, { encoding: true, prefix: true, minBytes: true }),
    headers: checkNames<NonNullable<typeof headers>>(`headers in ${of}`, headers, { deliveryId: true, type: true }),
  });
}

/** Where the parts of an event stand, with the names of headers in lower case. */
function ownEnvelope(of: string, given: EnvelopeFields): EnvelopeFields {
  const names = { id: true, type: true, timestamp: true, data: true } as const;
  const envelope = checkNames<EnvelopeFields>(`envelope in ${of}`, given, names);
  for (const name of ['type', 'id', 'timestamp', 'data'] as const) {
    const part: unknown = envelope[name];
    if (part === undefined && name !== 'type') continue;
    const header = isPart(part) && name !== 'data' ? part.header : part;
    if (typeof header !== 'string' || header === '') {
      throw invalid(`${of}: envelope.${name} must name a field or, but for data, be { header }`);
    }
    if (header !== part) Object.assign(envelope, { [name]: { header: header.toLowerCase() } });
  }
  return envelope;
}

function isPart(part: unknown): part is { readonly header: unknown } {
  return typeof part === 'object' && part !== null && Object.keys(part).join() === 'header';
}

// Maps, because the type comes from outside: `constructor` and `__proto__` are just unknown types.
function schemaLookup(events: EventSchemas | undefined): (type: string) => core.$ZodType | undefined {
  const exact = new Map<string, core.$ZodType>();
  const families: [start: string, schema: core.$ZodType][] = [];
  for (const [type, schema] of Object.entries(events ?? {})) {
    if (type.endsWith('.*')) families.push([type.slice(0, -1), schema]);
    else exact.set(type, schema);
  }
  return (type) => {
    const known = exact.get(type);
    if (known !== undefined || families.length === 0) return known;
    const schema = families.find(([start]) => isBelow(type, start))?.[1];
    if (schema !== undefined && exact.size < maxTypes) exact.set(type, schema);
    return schema;
  };
}

/** Of so many types it is remembered which schema they have. Types come from outside, so it must be bounded. */
const maxTypes = 256;

import type { core } from 'zod';
import type { DeliveryHeaders } from './bytes/headers.ts';
import { WebhookError } from './error.ts';
import type { EventSchemas, JsonObject, WebhookEvent } from './event/event.ts';
import type { Awaitable } from './proof/crypto.ts';
import { type CompiledScheme, compileScheme, type SignatureScheme } from './proof/scheme.ts';
import type { SecretFormat } from './proof/secret.ts';

/** Names of the envelope's fields, in the order in which the provider writes them. */
export interface EnvelopeFields {
  /** The event's id. Where this is left out and the scheme signs an id, that is the event's id. */
  readonly id?: string;
  readonly type: string;
  /** When the event happened: ISO 8601 up to nanoseconds, or seconds or milliseconds since 1970. */
  readonly timestamp?: string;
  readonly data: string;
}

/** What an event is made of when it comes without the usual envelope. */
export interface BareEvent {
  readonly type: string;
  readonly timestamp?: unknown;
  readonly data: unknown;
}

/** What a key can be made of. */
export interface KeyFacts {
  readonly event: WebhookEvent;
  /** The delivery id where the provider sends one. It is not signed. */
  readonly deliveryId: string | undefined;
  /** SHA-256 of the raw body in hex. */
  readonly bodyHash: () => Awaitable<string>;
}

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
  /** Reads a body that has no type where `envelope` says; undefined makes it `invalid_event`. */
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

/** A provider that {@link defineProvider} has checked. */
export interface Provider<Name extends string = string, Events extends EventSchemas = EventSchemas> {
  readonly name: Name;
  readonly signature: readonly CompiledScheme[];
  /** Schemes that only the diagnosis looks for. */
  readonly notAccepted: readonly CompiledScheme[];
  readonly secret: SecretFormat;
  readonly envelope: EnvelopeFields;
  /** Reads an event that has no envelope. */
  readonly bare: ((body: JsonObject, headers: DeliveryHeaders) => BareEvent | undefined) | undefined;
  /** The schemas by type; undefined where the provider declares none and every type is welcome. */
  readonly events: Events | undefined;
  /** The schema for a type's data; undefined for an unknown type. */
  readonly schemaFor: (type: string) => core.$ZodType | undefined;
  /** What makes two deliveries the same event. */
  readonly key: (facts: KeyFacts) => Awaitable<string | undefined>;
  readonly headers: { readonly deliveryId?: string | undefined; readonly type?: string | undefined };
  /** The delivery id, where the provider sends one. */
  readonly deliveryId: (headers: DeliveryHeaders) => string | undefined;
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
  definition: ProviderDefinition<Name, Events>,
): Provider<Name, Events> {
  const { name, signature, events } = definition;
  if (typeof name !== 'string' || !/^[a-z0-9-]+$/.test(name)) {
    throw invalid(name, 'name must be lower-case letters, digits and dashes');
  }
  const schemes: readonly SignatureScheme[] = Array.isArray(signature) ? signature : [signature];
  if (schemes.length === 0 || !schemes.every((scheme) => typeof scheme === 'object' && scheme !== null)) {
    throw invalid(name, 'signature must be a scheme or a list of schemes');
  }
  const { type, data } = definition.envelope ?? {};
  if (typeof type !== 'string' || typeof data !== 'string') {
    throw invalid(name, 'envelope must name the fields of type and data');
  }
  for (const [event, schema] of Object.entries<unknown>(events ?? {})) {
    if (typeof schema !== 'object' || schema === null || !('_zod' in schema)) {
      throw invalid(name, `events["${event}"] must be a schema of zod 4`);
    }
  }
  const headers = {
    deliveryId: definition.headers?.deliveryId?.toLowerCase(),
    type: definition.headers?.type?.toLowerCase(),
  };
  const provider: Provider<Name, Events> = {
    name,
    signature: schemes.map((scheme) => compileScheme(scheme, name)),
    notAccepted: (definition.notAccepted ?? []).map((scheme) => compileScheme(scheme, name)),
    secret: definition.secret ?? { encoding: 'utf8' },
    envelope: definition.envelope,
    bare: definition.bare,
    events,
    schemaFor: schemaLookup(events),
    key: definition.key ?? defaultKey,
    headers,
    deliveryId: (given) => headers.deliveryId && given.get(headers.deliveryId),
    timeoutMs: definition.timeoutMs,
  };
  return Object.freeze(provider);
}

function invalid(name: string, what: string): WebhookError {
  return new WebhookError('invalid_options', `defineProvider("${name}"): ${what}.`);
}

function defaultKey({ event, bodyHash }: KeyFacts): Awaitable<string | undefined> {
  return event.id ?? (event.timestamp && bodyHash());
}

// Maps, because the type comes from outside: `constructor` and `__proto__` are just unknown types.
function schemaLookup(events: EventSchemas | undefined): (type: string) => core.$ZodType | undefined {
  const exact = new Map<string, core.$ZodType>();
  const families: [start: string, schema: core.$ZodType][] = [];
  for (const [type, schema] of Object.entries(events ?? {})) {
    if (type.endsWith('.*')) families.push([type.slice(0, -1), schema]);
    else exact.set(type, schema);
  }
  return (type) => exact.get(type) ?? families.find(([start]) => isBelow(type, start))?.[1];
}

/** Whether `type` begins with `start` (`device.`) and goes on. */
export function isBelow(type: string, start: string): boolean {
  return type.length > start.length && type.startsWith(start);
}

import type * as core from 'zod/v4/core';
import type { DeliveryHeaders, HeaderLookup } from '../bytes/headers.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import type { EventSchemas, JsonObject, WebhookEvent } from './event.ts';

/** Where a part of the envelope stands: in a field of the body, by its name, or in a header. */
export type EnvelopePart = string | { readonly header: string };

/**
 * Where the parts of an event stand, in the order in which the provider writes them. What is named here wins over what a
 * body happens to hold. Headers are not signed, so whoever has captured a delivery can change what stands there.
 */
export interface EnvelopeFields {
  /**
   * The event's id. Where this is left out and the scheme signs an id, that is the event's id. Of an id in another header
   * the key is made together with the body's hash, and of one body 8 ids count in a day.
   */
  readonly id?: EnvelopePart;
  /** The type. One in a header can be any of the provider's on a captured delivery: let handlers check the data. */
  readonly type: EnvelopePart;
  /**
   * When the event happened: ISO 8601 up to nanoseconds, or seconds or milliseconds since 1970. No key is made of one in a
   * header, and `maxEventAgeSeconds` cannot go by it.
   */
  readonly timestamp?: EnvelopePart;
  /** The field of the data; where this is left out, the whole body is. */
  readonly data?: string;
}

/** What an event is made of when its body is not the usual envelope. */
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

/** A provider as far as its events go. */
export interface EventFormat<Events extends EventSchemas = EventSchemas> {
  /** Name of the provider. */
  readonly name: string;
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
  readonly deliveryId: (headers: HeaderLookup) => string | undefined;
}

import type * as core from 'zod/v4/core';

/** What happened, as the provider tells it. */
export interface WebhookEvent<Type extends string = string, Data = unknown> {
  /** Name of the provider that sent it. */
  readonly provider: string;
  /** The provider's own id of the event, the same on every retry; undefined where it sends none. */
  readonly id: string | undefined;
  readonly type: Type;
  /** When it happened, to the millisecond; undefined where the provider does not say. The original is in `envelope`. */
  readonly timestamp: Date | undefined;
  /** Checked and typed for the types that the provider declares, as it came for all others. */
  readonly data: Data;
  /** The whole JSON body as the provider sent it, without keys `__proto__` and `constructor.prototype`. */
  readonly envelope: JsonObject;
}

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

declare enum Undeclared {
  type = '',
}
/**
 * The type of an event that the provider does not declare: any other string. It is nominal, so that comparing
 * `event.type` with a declared type narrows the event; to compare it with a type that is not declared, widen it first:
 * `const type: string = event.type`.
 */
export type UnknownType = Undeclared;

/** An event of a type that the provider does not declare: deliverable, with `data` as it came. */
export type UnknownEvent = WebhookEvent<UnknownType, unknown>;

/** Zod schemas of `data` by event type. A key such as `customer.kyc.status.*` stands for all types that begin so. */
export type EventSchemas = Readonly<Record<string, core.$ZodType>>;

/** Whatever declares the schemas of its events: a provider. */
export interface Declaring<Schemas extends EventSchemas = EventSchemas> {
  readonly events: Schemas | undefined;
}

/** The event types that a provider declares. */
export type EventType<P extends Declaring> = TypeOf<keyof SchemasOf<P> & string>;

/** Every event that a provider can send, typed by what it declares; other types are {@link UnknownEvent}. */
export type EventOf<P extends Declaring> = KnownEvent<SchemasOf<P>> | UnknownEvent;

/** What `on` may name: a declared type, `device.*` for all declared types that begin so, or `*` for everything. */
export type Pattern<P extends Declaring> = EventType<P> | `${Prefix<keyof SchemasOf<P> & string>}.*` | '*';

/** The events that a pattern matches. */
export type EventFor<P extends Declaring, K extends string> = K extends '*'
  ? EventOf<P>
  : K extends `${infer Start}.*`
    ? string extends keyof SchemasOf<P>
      ? WebhookEvent
      : Extract<KnownEvent<SchemasOf<P>>, { readonly type: `${Start}.${string}` }>
    : KnownEvent<{ readonly [T in keyof SchemasOf<P> & string as K extends TypeOf<T> ? T : never]: SchemasOf<P>[T] }>;

/** A declared type with data as a provider may write it, such as numbers in strings. */
export type EventInput<P extends Declaring> = {
  [T in keyof SchemasOf<P> & string]: { readonly type: TypeOf<T>; readonly data: core.input<SchemasOf<P>[T]> };
}[keyof SchemasOf<P> & string];

type SchemasOf<P extends Declaring> = P extends Declaring<infer Schemas> ? Schemas : never;

type KnownEvent<Schemas extends EventSchemas> = {
  [T in keyof Schemas & string]: WebhookEvent<TypeOf<T>, Declared<core.output<Schemas[T]>>>;
}[keyof Schemas & string];

/**
 * Only the fields that a schema names, so that a misspelt one does not compile. Fields beyond them are there at run
 * time, and typed in `envelope`. An object without any named field keeps its type.
 */
type Declared<Data> = Data extends readonly unknown[]
  ? Data
  : Data extends object
    ? { [K in keyof Data as string extends K ? never : K]: Data[K] } extends infer Named
      ? keyof Named extends never
        ? Data
        : Named
      : never
    : Data;

type TypeOf<T extends string> = T extends `${infer Start}.*` ? `${Start}.${string}` : T;

type Prefix<T extends string> = T extends `${infer Head}.${infer Rest}`
  ? Rest extends '*'
    ? Head
    : Head | `${Head}.${Prefix<Rest>}`
  : never;

/** Whether `type` begins with `start` (`device.`) and goes on. */
export function isBelow(type: string, start: string): boolean {
  return type.length > start.length && type.startsWith(start);
}

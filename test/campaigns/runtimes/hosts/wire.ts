import type { Diagnosis, OutcomeReport, Secret } from '@hookproof/core';
import type { EndpointErrorCode, NewGrantexEndpoint, WantedGrantexEndpoint } from '@hookproof/endpoints';

/** The ways into a receiver that are tested: core's two functions, and the adapters. */
export type Way = 'core.fetch' | 'core.receive' | 'hono' | 'express' | 'fastify';

/** What the suite asks a host for: one app. Functions stay with the suite; the host calls them below `functions`. */
export interface AppOrder {
  readonly id: string;
  readonly way: Way;
  /** Whether something in the app reads the body before the receiver. */
  readonly bodyRead: boolean;
  /** Name of a built-in provider. */
  readonly provider: string;
  /** URL below which the suite answers for the functions of the options. */
  readonly functions: string;
  /** Undefined where it is a function. */
  readonly secret: Secret | readonly Secret[] | undefined;
  /** How many handlers there are for each pattern. */
  readonly handlers: Readonly<Record<string, number>>;
  readonly dedupe: 'default' | 'store' | false;
  readonly limits: Readonly<Record<string, number>>;
}

/** What a host tells of an app that it started. */
export interface AppStarted {
  readonly url: string;
  /** What the host says that it runs on. */
  readonly runtime: string;
}

/** A host's call of one of the suite's functions. */
export interface Calls {
  readonly secret: { readonly hasRequest: boolean };
  readonly claim: { readonly key: string; readonly leaseMs: number };
  readonly handler: HandlerCall;
  readonly outcome: Report;
}

/** A handler's arguments, without what only the host's process can hold. */
interface HandlerCall {
  readonly pattern: string;
  readonly index: number;
  readonly event: {
    readonly provider: string;
    readonly id: string | undefined;
    readonly type: string;
    readonly timestamp: Date | undefined;
    readonly data: unknown;
    readonly envelope: Readonly<Record<string, unknown>>;
  };
  readonly delivery: {
    readonly headers: readonly (readonly [string, string])[];
    readonly body: Uint8Array;
    readonly id: string | undefined;
  };
  readonly owner: string | undefined;
  readonly key: string | undefined;
  readonly attempt: number | undefined;
  readonly receivedAt: Date;
  readonly hasRequest: boolean;
}

/** An outcome report, with the diagnosis where there is one. */
interface Report {
  readonly facts: Omit<OutcomeReport, 'diagnose'>;
  readonly diagnosis: Diagnosis | undefined;
  readonly hasRequest: boolean;
}

/** What the suite asks a host for: one call of a new endpoint client. */
export type CallOrder = EndpointCall & {
  readonly provider: 'grantiva' | 'grantex' | 'gravv';
  readonly baseUrl: string;
  readonly credential: string;
  readonly timeoutMs?: number | undefined;
  readonly maxAttempts: number;
  /** URL that the host asks meanwhile; its answer aborts the call. */
  readonly abortWhen?: string | undefined;
  /** Whether the client's fetch keeps no connection, which Deno alone has an option for. */
  readonly keepsNoConnection?: boolean | undefined;
};

/** A method of an endpoint client, and its arguments. */
export type EndpointCall =
  | { readonly method: 'list' }
  | { readonly method: 'create'; readonly endpoint: NewGrantexEndpoint }
  | { readonly method: 'ensure'; readonly endpoint: WantedGrantexEndpoint }
  | { readonly method: 'delete'; readonly id: string }
  | { readonly method: 'deliveries'; readonly id: string; readonly pageSize: number }
  | { readonly method: 'retire'; readonly id: string }
  | { readonly method: 'retry'; readonly id: string; readonly deliveryId: string }
  | { readonly method: 'history'; readonly pageSize: number }
  | { readonly method: 'send'; readonly id: string };

/** What became of such a call. */
export interface CallMade {
  /** What the host says that it runs on. */
  readonly runtime: string;
  /** What it returned, as JSON shows it. */
  readonly value?: unknown;
  /** The secret, where it returned one. */
  readonly revealed?: string | undefined;
  /** What it threw. */
  readonly error?: CallError | undefined;
}

/** The facts of an `EndpointError`. */
export interface CallError {
  readonly code: EndpointErrorCode;
  readonly message: string;
  readonly attempts: number;
  readonly status?: number | undefined;
  readonly providerMessage?: string | undefined;
  readonly cause?: unknown;
}

/** Writes a message as JSON, in which dates, bytes and errors are tagged. */
export function encode(message: unknown): string {
  return JSON.stringify(message, function (this: Record<string, unknown>, name, value: unknown) {
    // Dates are asked for here, because `value` is what their toJSON made of them.
    const original = this[name];
    if (original instanceof Date) return { $date: original.getTime() };
    if (original instanceof Uint8Array) return { $bytes: toBinary(original) };
    if (original instanceof Error) return { $error: factsOf(original) };
    return value;
  });
}

/** Reads what {@link encode} wrote. Both ends are of this folder, so the caller names the type. */
export function decode<Message>(text: string): Message {
  return JSON.parse(text, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if ('$date' in value) return new Date(Number(value.$date));
    if ('$bytes' in value) return Uint8Array.from(String(value.$bytes), (character) => character.charCodeAt(0));
    if ('$error' in value) return toError(Object(value.$error));
    return value;
  });
}

/** A string with one character per byte. */
function toBinary(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function factsOf(error: Error) {
  const code = 'code' in error ? error.code : undefined;
  return { code, message: error.message, cause: error.cause === undefined ? undefined : String(error.cause) };
}

function toError({ code, message, cause }: { code?: string; message: string; cause?: string }): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

import type * as z from 'zod';
import type { BaseUrl } from './base-url.ts';
import type { Credential } from './credential.ts';

/** A provider's API and the right to call it. */
export interface Api {
  readonly name: string;
  readonly baseUrl: BaseUrl;
  readonly credential: Credential;
  /** What to do about a refusal, where the provider has its own rules. */
  readonly fixes: {
    readonly unauthorized: string;
    readonly forbidden: string;
    readonly planLimit: string;
    /** Of what a new or changed endpoint is to be. */
    readonly refused?: string;
  };
}

/** One call of an API. */
export interface ApiCall<T> {
  /** All but POST may be repeated: they end in the same state. */
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root of the API, with the query. */
  readonly path: string;
  readonly body?: object;
  /** Whether the path names an endpoint, which may not be there. */
  readonly ofEndpoint: boolean;
  /** What else than an endpoint it names: how that is called, and what to do where it is not there. */
  readonly names?: { readonly what: string; readonly fix: string };
  /** Of a POST that makes no endpoint but has something sent: whether that may be repeated. */
  readonly sends?: 'once' | 'again';
  /** What to do where the provider refuses the request; by default that is about an endpoint's fields. */
  readonly refused?: string;
  /** What the answer must be; that of a DELETE has no content. */
  readonly answer: z.ZodType<T>;
}

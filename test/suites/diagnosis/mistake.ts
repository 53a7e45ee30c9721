import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { Awaitable, DiagnosisCause, Inbox, Provider, WebhookOptions } from '@hookproof/core';

/** Options of a receiver with or without an inbox. */
export type Options = WebhookOptions<Provider, unknown, Inbox | undefined>;

/** An HTTP request, before it is written to the wire or after it was read. */
export interface Sent {
  readonly method?: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** What came back. */
export interface Received {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** Makes an app that has a receiver. */
export type Serve = (provider: Provider, options: Options) => Awaitable<RequestListener>;

/** A sender, what stands in between, and an app with its configuration. */
export interface Scene {
  readonly provider: Provider;
  readonly options: Pick<Options, 'secret'> & Partial<Options>;
  /** Express 5 by default. */
  readonly serve?: Serve;
  /** `/webhooks/<provider>` by default. */
  readonly path?: string;
  readonly sent: Sent;
  /** How it is sent; by `node:http`, and whole, by default. */
  readonly send?: (url: string, sent: Sent) => Promise<Received | undefined>;
  /** What a reverse proxy makes of it; by default there is none. */
  readonly proxy?: (sent: Sent) => Sent;
  /** How often it is sent; the last counts. */
  readonly times?: number;
}

/** Something that goes wrong in real apps, and what its diagnosis has to say. */
export interface Mistake {
  readonly cause: DiagnosisCause;
  /** What somebody did. */
  readonly what: string;
  readonly scene: () => Awaitable<Scene>;
  readonly explains: string | RegExp;
  readonly fix: string | RegExp;
  readonly evidence: Readonly<Record<string, unknown>>;
  /** The scene after somebody did what the fix says: then the same delivery is handled. */
  readonly corrected?: (scene: Scene) => Awaitable<Partial<Scene>>;
}

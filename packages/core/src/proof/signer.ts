import type { CompiledScheme } from './scheme.ts';

/** How a provider's secret becomes the bytes that it signs with. */
export interface SecretFormat {
  /** `utf8` uses the text as it is; `base64` decodes it, of the usual alphabet or the URL's, with padding or without. */
  readonly encoding: 'utf8' | 'base64';
  /** Text that may stand before a base64 secret and is no part of it, such as `whsec_`; of several, the first that does. */
  readonly prefix?: string | readonly string[];
  /** Shorter secrets are refused; those that are text in production alone, because a test's may be short. */
  readonly minBytes?: number;
}

/** A provider as far as its signatures go. */
export interface Signer {
  readonly name: string;
  /** How it signs: of several schemes, the first of which any header is present must verify. */
  readonly signature: readonly CompiledScheme[];
  /** Schemes that only the diagnosis looks for. */
  readonly notAccepted: readonly CompiledScheme[];
  readonly secret: SecretFormat;
}

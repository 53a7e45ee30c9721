const shown = '[secret]';

/**
 * The signing secret of a new endpoint, which the provider tells once and never again. Printing, logging or serialising
 * it shows `[secret]`; only `reveal` gives the text.
 *
 * @example
 * ```ts
 * import type { EndpointSecret } from '@hookproof/endpoints';
 *
 * export async function store(secret: EndpointSecret, vault: Map<string, string>) {
 *   console.log(`storing ${secret}`); // storing [secret]
 *   vault.set('grantex', secret.reveal());
 * }
 * ```
 */
export class EndpointSecret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text, as the `secret` option of a receiver takes it. */
  reveal(): string {
    return this.#text;
  }

  /** `[secret]`, for templates. */
  toString(): string {
    return shown;
  }

  /** `[secret]`, for `JSON.stringify`. */
  toJSON(): string {
    return shown;
  }

  /** `[secret]`, for `console.log` of Node, Bun, Deno and Workers. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return shown;
  }
}

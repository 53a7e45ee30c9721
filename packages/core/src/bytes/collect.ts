import { Refusal, WebhookError } from '../error.ts';
import { isBytes } from './encoding.ts';

/**
 * Gathers the chunks of a body in one buffer that doubles. A list of chunks would let a sender that puts every byte in a
 * chunk of its own take sixty times the memory of the body. A first chunk, which mostly is the whole body, is kept as it
 * is, and not copied, where the packet around it is hardly larger.
 */
export class Collector {
  readonly #maxBytes: number;
  #bytes: Uint8Array = nothing;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Throws `body_too_large` as soon as there are more bytes than allowed, and `body_consumed` where they are not bytes. */
  add(chunk: Uint8Array): void {
    // A stream may bring text, or objects, whatever its type says.
    if (!isBytes(chunk)) throw notBytes();
    const end = this.#length + chunk.length;
    if (end > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (this.#length === 0) {
      this.#bytes = chunk.buffer.byteLength - chunk.length > maxAround ? new Uint8Array(chunk) : chunk;
    } else {
      if (end > this.#bytes.length) this.#grow(end);
      this.#bytes.set(chunk, this.#length);
    }
    this.#length = end;
  }

  /** What has arrived. */
  take(): Uint8Array {
    return this.#bytes.length === this.#length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  #grow(end: number): void {
    const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(end, 2 * this.#bytes.length)));
    larger.set(this.take());
    this.#bytes = larger;
  }
}

/** The headers of a delivery, in bytes: what came in one packet with them need not be copied. */
const maxAround = 1024;

const nothing = new Uint8Array(0);

export function notBytes(): WebhookError {
  return new WebhookError(
    'body_consumed',
    'The body is not raw bytes: something parsed or decoded it before Hookproof.',
    {
      fix: 'Pass the bytes as they arrived (a Uint8Array or Buffer, or a stream of them), never text or a parsed object.',
    },
  );
}

export function tooLarge(maxBytes: number): Refusal {
  return new Refusal(
    'body_too_large',
    () => `The body is larger than maxBodyBytes (${maxBytes} bytes).`,
    'Raise the option if the provider really sends more.',
  );
}

import { WebhookError } from '../error.ts';

/** Gathers the chunks of a body. */
export interface Collector {
  /** Throws `body_too_large` as soon as there are more bytes than allowed. */
  readonly add: (chunk: Uint8Array) => void;
  readonly take: () => Uint8Array;
}

/**
 * Gathers chunks in one buffer that doubles. A list of chunks would let a sender that puts every byte in a chunk of its
 * own take sixty times the memory of the body.
 */
export function collector(maxBytes: number): Collector {
  let bytes = new Uint8Array(0);
  let length = 0;
  return {
    add(chunk) {
      const end = length + chunk.length;
      if (end > maxBytes) throw tooLarge(maxBytes);
      if (end > bytes.length) {
        const larger = new Uint8Array(Math.min(maxBytes, Math.max(end, 2 * bytes.length)));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(chunk, length);
      length = end;
    },
    take: () => bytes.subarray(0, length),
  };
}

export function tooLarge(maxBytes: number): WebhookError {
  return new WebhookError('body_too_large', `The body is larger than maxBodyBytes (${maxBytes} bytes).`, {
    fix: 'Raise the option if the provider really sends more.',
  });
}

import { Refusal } from '../error.ts';

/** Gathers the chunks of a body. */
export interface Collector {
  /** Throws `body_too_large` as soon as there are more bytes than allowed. */
  readonly add: (chunk: Uint8Array) => void;
  readonly take: () => Uint8Array;
}

/**
 * Gathers chunks in one buffer that doubles. A list of chunks would let a sender that puts every byte in a chunk of its
 * own take sixty times the memory of the body. No chunk is kept: the packet around it may be much larger.
 */
export function collector(maxBytes: number): Collector {
  let bytes: Uint8Array = nothing;
  let length = 0;
  return {
    add(chunk) {
      const end = length + chunk.length;
      if (end > maxBytes) throw tooLarge(maxBytes);
      if (length === 0) {
        bytes = new Uint8Array(chunk);
        length = end;
        return;
      }
      if (end > bytes.length) {
        const larger = new Uint8Array(Math.min(maxBytes, Math.max(end, 2 * bytes.length)));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(chunk, length);
      length = end;
    },
    take: () => (bytes.length === length ? bytes : bytes.subarray(0, length)),
  };
}

const nothing = new Uint8Array(0);

export function tooLarge(maxBytes: number): Refusal {
  return new Refusal(
    'body_too_large',
    () => `The body is larger than maxBodyBytes (${maxBytes} bytes).`,
    'Raise the option if the provider really sends more.',
  );
}

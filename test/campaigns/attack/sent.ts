import type { Header } from './schemes.ts';

/** One delivery, ready to be written to whatever takes deliveries. */
export interface Sent {
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** Whether the body is announced by its length, or comes in chunks. */
  readonly framing: 'length' | 'chunked';
  /** Sizes of the first pieces in which the body is written; what is left is the last one. */
  readonly pieces: readonly number[];
}

/** The body cut into its pieces; none of them is empty. */
export function piecesOf({ body, pieces }: Sent): Uint8Array[] {
  const cut: Uint8Array[] = [];
  let start = 0;
  for (const size of [...pieces, body.length]) {
    if (start < body.length) cut.push(body.subarray(start, start + size));
    start += size;
  }
  return cut;
}

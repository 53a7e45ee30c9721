/** A header as it was captured: its name in any case, and its value. */
export type Header = readonly [name: string, value: string];

/** A request as somebody captured it. */
export interface CapturedRequest {
  readonly method: string;
  /** Path or URL; undefined where the capture does not say. */
  readonly target: string | undefined;
  /** In their order; a name may come several times. */
  readonly headers: readonly Header[];
  /** The bytes that were signed, as far as the capture has them; undefined where this kind of capture has none. */
  readonly body: Uint8Array | undefined;
  /** Why the body is not in the capture, where more is known than that. */
  readonly whyNoBody?: string | undefined;
  /** Whether the capture ends before the body does. */
  readonly isCut: boolean;
  /** How many bytes of the body Content-Length counts, where the capture has more; undefined where they agree. */
  readonly counted?: number | undefined;
  /** What whoever reads the verdict should know of the capture. */
  readonly notes: readonly string[];
}

/** The value of the first header of several names that is there, as a receiver reads it; undefined without one. */
export function headerOf(headers: readonly Header[], ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const values = headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
    if (values.length > 0) return values.join(', ');
  }
  return undefined;
}

/**
 * Whether a request that a tool shows without a body may have had one all the same: only a length of 0, or a method that has
 * none, says that there was nothing to capture.
 */
export function mayHaveBody(method: string, headers: readonly Header[]): boolean {
  const length = headerOf(headers, 'content-length')?.trim();
  if (length !== undefined) return length !== '0';
  const isChunked = headerOf(headers, 'transfer-encoding') !== undefined;
  return isChunked || !['GET', 'HEAD', 'OPTIONS'].includes(method.toUpperCase());
}

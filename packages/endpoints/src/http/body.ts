import type { FetchBody } from '../options.ts';

const maxBytes = 1024 * 1024;

/** The text of a body, or what is wrong with it. */
export type BodyText =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly problem: string; readonly text?: undefined };

/**
 * Reads a body to its end, counting while it reads.
 *
 * @param stopped rejects when nobody waits any more
 */
export async function readText(body: FetchBody | null, stopped: Promise<never>): Promise<BodyText> {
  if (body === null) return { text: '' };
  const reader = body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      return undefined;
    }
  };
  let text = '';
  let bytes = 0;
  let ended = false;
  try {
    while (!ended) {
      const { done, value } = await Promise.race([reader.read(), stopped]);
      ended = done;
      bytes += value?.length ?? 0;
      if (bytes > maxBytes) return { problem: `is larger than ${maxBytes} bytes` };
      const part = done ? decode() : decode(value ?? new Uint8Array());
      if (part === undefined) return { problem: 'is not UTF-8' };
      text += part;
    }
    return { text };
  } finally {
    if (!ended) void reader.cancel().catch(() => undefined);
  }
}

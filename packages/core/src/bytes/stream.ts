import { WebhookError } from '../error.ts';
import type { BodyLimits, BodyReader } from './body.ts';
import { Collector } from './collect.ts';

/**
 * Reads the bytes of a `Request`, or says at once that they are gone. Nothing of the body is touched before it is
 * asked for: on Node, looking at `body` alone would keep the server from clearing an upload that nobody reads.
 */
export function requestBody(request: globalThis.Request): BodyReader {
  return async (limits) => {
    if (!request.bodyUsed && !request.body?.locked) return streamReader(request.body)(limits);
    throw new WebhookError(
      'body_consumed',
      'The body of this Request was read before Hookproof, by request.json(), text() or the like.',
      { fix: 'Call the receiver first, or give the earlier code request.clone().' },
    );
  };
}

/** Reads a web stream. */
export function streamReader(
  stream: ReadableStream<Uint8Array> | null,
): (limits: Pick<BodyLimits, 'maxBytes' | 'signal'>) => Promise<Uint8Array> {
  return async ({ maxBytes, signal }) => {
    const body = new Collector(maxBytes);
    if (stream === null) return body.take();
    const reader = stream.getReader();
    const stop = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) body.add(next.value);
      return body.take();
    } catch (error) {
      stop();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}

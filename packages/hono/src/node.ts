import type { BodyReader, NodeRequest } from '@hookproof/core/adapter';
import { keptBy, nodeStreamReader } from '@hookproof/core/adapter';
import type { Context } from 'hono';

/** What is used of Node's own request below `@hono/node-server`. */
export interface Incoming extends NodeRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Null as long as nobody wants the bytes. */
  readonly readableFlowing: boolean | null;
  readonly readableAborted: boolean;
}

/** Node's own request, where the app runs on `@hono/node-server`. */
export function incomingOf({ env }: Context): Incoming | undefined {
  const incoming: unknown = typeof env === 'object' && env !== null ? Reflect.get(env, 'incoming') : undefined;
  return isIncoming(incoming) ? incoming : undefined;
}

function isIncoming(value: unknown): value is Incoming {
  return typeof value === 'object' && value !== null && 'httpVersionMajor' in value && 'readableFlowing' in value;
}

/**
 * Whether nobody has touched the body of a request over HTTP/1: reading it where it is spares the making of a `Request`, of
 * its `Headers` and of a web stream.
 */
export function isUntouched(incoming: Incoming, { req }: Context): boolean {
  return (
    incoming.httpVersionMajor === 1 &&
    incoming.readable &&
    incoming.readableFlowing === null &&
    incoming.readableEncoding === null &&
    !incoming.readableDidRead &&
    !incoming.readableAborted &&
    // Bytes that the platform has read.
    keptBy(incoming, 'rawBody') === undefined &&
    !req.raw.bodyUsed &&
    Object.keys(req.bodyCache).length === 0
  );
}

/** Reads Node's request, and lets `c.req.json()` and the like find the bytes as if Hono had read them. */
export function incomingReader(incoming: Incoming, { req }: Context): BodyReader {
  const read = nodeStreamReader(incoming);
  const keeping: BodyReader = async (limits) => {
    const bytes = await read(limits);
    // A copy: a getter that copies only for whoever looks costs more.
    const { buffer } = Uint8Array.from(bytes);
    Object.assign(req.bodyCache, { arrayBuffer: Promise.resolve(buffer) });
    return bytes;
  };
  return Object.assign(keeping, { keepsTime: true });
}

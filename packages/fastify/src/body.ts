import type { IncomingMessage } from 'node:http';
import { WebhookError } from '@hookproof/core';
import { type BodyInput, type BodyReader, nodeStreamReader } from '@hookproof/core/adapter';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const invalidMediaType = 'FST_ERR_CTP_INVALID_MEDIA_TYPE';

/**
 * Makes the routes of a scope get their body as a {@link BodyReader}. Reading starts as soon as Fastify hands the
 * stream over: a hook of the app may take its time, and bytes that nobody listens for would be lost.
 */
export function parseAsReader(
  app: FastifyInstance,
  maxBytes: number,
  handle: (request: FastifyRequest, reply: FastifyReply) => unknown,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    done(null, startReading(payload, maxBytes));
  });
  // Fastify refuses a malformed Content-Type before any parser. What was signed is the body, so it is received anyway.
  app.setErrorHandler<Error & { code?: string }>((error, request, reply) => {
    if (error.code === invalidMediaType) return handle(request, reply);
    throw error;
  });
}

/** Bytes that somebody kept, else the reader of {@link parseAsReader}, else the untouched stream. */
export function rawBodyOf(request: FastifyRequest & { rawBody?: unknown }, maxBytes: number): BodyInput {
  const raw: IncomingMessage & { rawBody?: unknown } = request.raw;
  if (request.rawBody instanceof Uint8Array) return request.rawBody;
  // Google Cloud Functions and Firebase read the stream themselves and keep the bytes on Node's request.
  if (raw.rawBody instanceof Uint8Array) return raw.rawBody;
  if (isReader(request.body)) return request.body;
  return startReading(raw, maxBytes);
}

function startReading(stream: IncomingMessage, maxBytes: number): BodyReader {
  if (stream.readableDidRead || stream.readableEncoding !== null) {
    return async () => {
      throw new WebhookError(
        'body_consumed',
        'The raw body was read before Hookproof, by an onRequest or preParsing hook that left no bytes.',
        {
          fix: 'Keep them in request.rawBody as a Buffer (fastify-raw-body does so with encoding: false), or leave the hook out for this route.',
        },
      );
    };
  }
  const reading = nodeStreamReader(stream)({ maxBytes });
  // Whoever calls the reader gets the error; until then nobody else may.
  reading.catch(() => undefined);
  return () => reading;
}

function isReader(body: unknown): body is BodyReader {
  return typeof body === 'function';
}

import { WebhookError } from '@hookproof/core';
import { type BodyInput, isPlain, keptBy, type Limits, nodeBody, readNodeStream } from '@hookproof/core/adapter';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const invalidMediaType = 'FST_ERR_CTP_INVALID_MEDIA_TYPE';

/** Why a request has no body, where reading it failed: the receiver's to say, so the parser never fails. */
const failures = new WeakMap<FastifyRequest, unknown>();

/**
 * Makes the routes of a scope read their body as it is, within the receiver's limits. For the app's own hooks
 * `request.body` is the bytes, or undefined where they could not be read.
 */
export function parseAsBytes(
  app: FastifyInstance,
  { maxBodyBytes, bodyTimeoutMs }: Limits,
  handle: (request: FastifyRequest, reply: FastifyReply) => unknown,
): void {
  const limits = { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs };
  app.removeAllContentTypeParsers();
  // Fastify looks up a parser for every type anew with each request, and one for a type once.
  app.addContentTypeParser(['application/json', '*'], (request, payload, done) => {
    const fail = (error: unknown) => {
      failures.set(request, error);
      done(null, undefined);
    };
    const { 'content-length': length, 'content-encoding': encoding } = request.headers;
    // What is larger by its own account, or compressed, is not read at all.
    if (Number(length) > maxBodyBytes || !isPlain(encoding) || isConsumed(payload)) return done(null, undefined);
    readNodeStream(payload, limits).then((bytes) => done(null, bytes), fail);
  });
  // Fastify refuses a malformed Content-Type before any parser. What was signed is the body, so it is received anyway.
  app.setErrorHandler<Error & { code?: string }>((error, request, reply) => {
    if (error.code === invalidMediaType) return handle(request, reply);
    throw error;
  });
}

/** Bytes that somebody kept, else those of {@link parseAsBytes} or why there are none, else the untouched stream. */
export function rawBodyOf(request: FastifyRequest): BodyInput {
  const failure = failures.get(request);
  if (failure !== undefined) {
    return () => {
      throw failure;
    };
  }
  // Google Cloud Functions and Firebase read the stream themselves and keep the bytes on Node's request.
  const { raw } = request;
  return nodeBody(raw, [keptBy(request, 'rawBody'), keptBy(raw, 'rawBody'), keptBy(request, 'body')], bodyConsumed);
}

function isConsumed({ readableDidRead, readableEncoding }: FastifyRequest['raw']): boolean {
  return readableDidRead || readableEncoding !== null;
}

function bodyConsumed(): WebhookError {
  return new WebhookError(
    'body_consumed',
    'The raw body was read before Hookproof, by an onRequest or preParsing hook that left no bytes.',
    {
      fix: 'Keep them in request.rawBody as a Buffer (fastify-raw-body does so with encoding: false), or leave the hook out for this route.',
    },
  );
}

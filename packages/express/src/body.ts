import type { IncomingMessage } from 'node:http';
import { WebhookError } from '@hookproof/core';
import { type BodyInput, keptBy, nodeBody } from '@hookproof/core/adapter';

/** Bytes that somebody kept, else a reader of the stream; where the bytes are gone, a reader that says who took them. */
export function rawBodyOf(request: IncomingMessage): BodyInput {
  // Firebase, Google Cloud Functions, or a `verify` callback of `express.json()` keep them in the first.
  const rawBody = keptBy(request, 'rawBody');
  const body = keptBy(request, 'body');
  return nodeBody(request, [rawBody, body], () => bodyConsumed(parserOf(request, rawBody, body)));
}

function bodyConsumed(parser: string): WebhookError {
  return new WebhookError('body_consumed', `The raw body was read before Hookproof, by ${parser}.`, {
    fix: 'Mount the webhooks middleware before it (in an API route of Next.js: export const config = { api: { bodyParser: false } }; on Vercel, whose helpers read it: set NODEJS_HELPERS=0 in the environment, or export POST = receiver.fetch), or keep the bytes: express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes } }).',
  });
}

function parserOf({ headers }: IncomingMessage, rawBody: unknown, body: unknown): string {
  const type = headers['content-type'] ?? '';
  if (typeof rawBody === 'string') return 'something that kept it as a string in req.rawBody, where a Buffer is needed';
  if (typeof body === 'string') return 'a text parser such as express.text()';
  if (typeof body !== 'object' || body === null) return 'a middleware that reads the request stream';
  if (type.startsWith('application/x-www-form-urlencoded')) return 'a form parser such as express.urlencoded()';
  return 'a JSON parser such as express.json()';
}

/**
 * What an adapter needs beside `@hookproof/core`: readers of a framework's body, and the types of what it passes on.
 *
 * @module
 */
export { type BodyInput, type BodyLimits, type BodyReader, isPlain } from './bytes/body.ts';
export type { DeliveryHeaders, HeadersInput } from './bytes/headers.ts';
export { keptBy, letGoOfUpload, type NodeRequest, nodeBody } from './bytes/node-request.ts';
export { type NodeStream, nodeStreamReader, readNodeStream } from './bytes/node-stream.ts';
export { requestBody } from './bytes/stream.ts';
export { isDevelopment } from './development.ts';
export type { KnownTypes } from './handling/handlers.ts';
export type { WaitUntil } from './handling/progress.ts';
export { ownOptions } from './option-names.ts';
export { type GivenOptions, type HandlerRequest, type Limits, receiverOptions } from './options.ts';
export { isDelivery, sayPassedOn } from './report/passed-on.ts';
export type { ReplyStatus } from './report/reply.ts';

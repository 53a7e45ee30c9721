import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from './faults.ts';
import type { AttemptError } from './log.ts';
import type { SignedAttempt } from './signed-attempt.ts';

/** What came of a request. */
export interface Exchanged {
  readonly status: number | undefined;
  readonly body: string;
  readonly durationMs: number;
  readonly error: AttemptError | undefined;
}

/** How a request goes out. */
export interface Wire {
  readonly url: URL;
  readonly agent: http.Agent | https.Agent;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly faults: Pick<Faults, 'slowBodyMs' | 'cutBody'> | undefined;
}

/** Of a reply no more is read, however much a receiver sends; a dashboard shows less. */
const maxReplyBytes = 8 * 1_024;
const maxReplyCharacters = 2_000;

/** Connections that are kept for the next attempts, for a second: a receiver rarely closes one so soon. */
export function agentFor(url: URL, ca: string | undefined): http.Agent | https.Agent {
  const options = { keepAlive: true, timeout: 1_000 };
  return url.protocol === 'https:' ? new https.Agent({ ...options, ca }) : new http.Agent(options);
}

/** Sends an attempt and reads the reply. It never rejects: whatever the receiver does is told in the result. */
export function exchange({ headers, body }: SignedAttempt, wire: Wire): Promise<Exchanged> {
  return new Promise((resolve) => {
    const began = performance.now();
    const upload = new AbortController();
    const reply: Uint8Array[] = [];
    let size = 0;
    let status: number | undefined;
    let isSettled = false;
    const settle = (error?: AttemptError) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      wire.signal.removeEventListener('abort', abort);
      upload.abort();
      // A connection can serve again only after a whole request and a whole reply.
      if (error !== undefined || size > maxReplyBytes || !request.writableFinished) request.destroy();
      resolve({ status, body: beginning(reply), durationMs: performance.now() - began, error });
    };
    const abort = () => settle('aborted');
    const timer = setTimeout(() => settle('timeout'), wire.timeoutMs);
    wire.signal.addEventListener('abort', abort, { once: true });

    const open = wire.url.protocol === 'https:' ? https.request : http.request;
    const request = open(wire.url, { method: 'POST', agent: wire.agent, headers: headers.flat() });
    request.on('error', (error) => settle(errorOf(error)));
    // After the end of a reply, if there was one.
    request.on('close', () => settle('connection_reset'));
    request.on('upgrade', (_reply, socket) => {
      socket.destroy();
      settle('invalid_reply');
    });
    request.on('response', (response) => {
      status = response.statusCode;
      response.on('error', (error) => settle(errorOf(error)));
      response.on('end', () => settle());
      response.on('data', (chunk: Buffer) => {
        reply.push(chunk);
        size += chunk.length;
        if (size > maxReplyBytes) settle();
      });
    });
    void write(request, body, wire.faults, upload.signal).then((isCut) => {
      if (isCut) settle('body_cut');
    });
  });
}

/** Writes the body as the faults say; resolves with whether it was cut off. */
async function write(
  request: http.ClientRequest,
  body: Uint8Array,
  { slowBodyMs = 0, cutBody = false }: Pick<Faults, 'slowBodyMs' | 'cutBody'> = {},
  signal: AbortSignal,
): Promise<boolean> {
  if (slowBodyMs === 0 && !cutBody) {
    request.end(body);
    return false;
  }
  request.flushHeaders();
  const sent = cutBody ? body.subarray(0, body.length >> 1) : body;
  const pieces = slowBodyMs === 0 ? 1 : 20;
  for (let piece = 0; piece < pieces; piece++) {
    if (slowBodyMs > 0 && !(await sleep(slowBodyMs / pieces, true, { signal }).catch(() => false))) return false;
    const [from, to] = [piece, piece + 1].map((edge) => Math.floor((sent.length * edge) / pieces));
    const part = sent.subarray(from, to);
    // Resolved when it has left, so that what comes before a cut arrives.
    if (part.length > 0) await new Promise((resolve) => request.write(part, resolve));
  }
  if (!cutBody) request.end();
  return cutBody;
}

const errors: ReadonlyMap<string, AttemptError> = new Map([
  ['ECONNREFUSED', 'connection_refused'],
  ['ECONNRESET', 'connection_reset'],
  ['EPIPE', 'connection_reset'],
  ['ENOTFOUND', 'host_not_found'],
  ['EAI_AGAIN', 'host_not_found'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate_refused'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate_refused'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate_refused'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate_refused'],
  ['CERT_HAS_EXPIRED', 'certificate_refused'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate_refused'],
]);

function errorOf(error: Error): AttemptError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return errors.get(code) ?? (code.startsWith('HPE_') ? 'invalid_reply' : 'connection_failed');
}

/** The beginning of a reply as text, whatever its bytes are. */
function beginning(chunks: readonly Uint8Array[]): string {
  const text = new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxReplyBytes), { stream: true });
  return Array.from(text).slice(0, maxReplyCharacters).join('');
}

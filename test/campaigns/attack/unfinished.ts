import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { type App, apps, type Framework, http2Apps } from './apps.ts';
import type { Answer } from './judge.ts';
import { type Header, now, schemes } from './schemes.ts';
import { chunk, head, openWire } from './wire.ts';

const [scheme] = schemes;
if (scheme === undefined) throw new RangeError('There is no scheme.');
const { provider, secret, sign, keys } = scheme;
const [key = new Uint8Array()] = keys;

/** An upload that goes on after it was answered. */
export interface Unfinished {
  readonly outcome: 'body_too_large' | 'body_timeout' | 'unsupported_encoding';
  /** Headers beside those of a genuine delivery, or in their place. */
  readonly headers: readonly Header[];
  /** Whether it stalls after its first bytes until the answer has come. */
  readonly stalls: boolean;
}

/** The most that a sender would send, which no server may let it. */
const wanted = 32 * 1024 * 1024;

export const unfinished: Readonly<Record<string, Unfinished>> = {
  'too large, announced': { outcome: 'body_too_large', headers: [['content-length', String(wanted)]], stalls: false },
  'too large, counted': { outcome: 'body_too_large', headers: [], stalls: false },
  stalled: { outcome: 'body_timeout', headers: [], stalls: true },
  'stalled and forged': {
    outcome: 'body_timeout',
    headers: [['x-grantiva-signature', `sha256=${'0'.repeat(64)}`]],
    stalls: true,
  },
  // Answered before a byte of it is read.
  'stalled and compressed': {
    outcome: 'unsupported_encoding',
    headers: [['content-encoding', 'gzip']],
    stalls: true,
  },
};

const limits = { maxBodyBytes: 4_096, bodyTimeoutMs: 150 };

/** What a server may take after it has answered: what was on its way, and what flow control had already allowed. */
export const mostAfterAnswer = 1024 * 1024;

/** What became of one. */
export interface Ended {
  readonly answer: Answer;
  /** Bytes that the server took after its answer had arrived. */
  readonly taken: number;
}

/** Sends one until the server ends it; it hangs where the server never does. */
export type Upload = (app: App, upload: Unfinished) => Promise<Ended>;

export const protocols: Readonly<Record<string, { readonly apps: typeof http2Apps; readonly send: Upload }>> = {
  'HTTP/1.1': { apps, send: overHttp1 },
  'HTTP/2': {
    apps: http2Apps,
    async send(app, upload) {
      const session = openSession(app);
      try {
        return await overHttp2(session, app, upload);
      } finally {
        session.destroy();
      }
    },
  },
};

/** A server with small limits. */
export function serveUnfinished(protocol: string, framework: Framework): Promise<App> {
  const serve = protocols[protocol]?.apps[framework];
  if (serve === undefined) throw new RangeError(`There is no protocol ${protocol}.`);
  return serve(provider, {
    secret,
    ...limits,
    dedupe: false,
    now: () => now * 1_000,
    on: { '*': () => undefined },
    onOutcome: () => undefined,
  });
}

const piece = Buffer.alloc(64 * 1024, ' ');

async function overHttp1(app: App, { headers, stalls }: Unfinished): Promise<Ended> {
  const wire = await openWire(app.port);
  const framing: Header[] = headers.some(([name]) => name === 'content-length')
    ? []
    : [['Transfer-Encoding', 'chunked']];
  const framed = (bytes: Uint8Array) => (framing.length === 0 ? bytes : chunk(bytes));
  await wire.write(head('POST', [...headersOf(headers), ...framing]));
  await wire.write(framed(piece.subarray(0, 10)));
  let isOver = false;
  const flood = async () => {
    for (let sent = 0; sent < wanted && !isOver; sent += piece.length) await wire.write(framed(piece));
  };
  void wire.ended.then(() => {
    isOver = true;
  });
  const replying = wire.reply();
  const flooding = stalls ? replying.then(flood, flood) : flood();
  const { status, contentType, allow, body } = await replying;
  const before = app.taken();
  await Promise.race([flooding, wire.ended]);
  await wire.ended;
  return { answer: { status, contentType, allow, body }, taken: app.taken() - before };
}

export function openSession({ port }: App): ClientHttp2Session {
  return connect(`http://127.0.0.1:${port}`);
}

/** One over a session that others may use. */
export async function overHttp2(
  session: ClientHttp2Session,
  app: App,
  { headers, stalls }: Unfinished,
): Promise<Ended> {
  const stream = openStream(session, headersOf(headers));
  const closed = once(stream, 'close');
  const flood = () => {
    let sent = 0;
    const more = () => {
      for (; sent < wanted && stream.writable; sent += piece.length) {
        if (!stream.write(piece)) return void stream.once('drain', more);
      }
      stream.end();
    };
    more();
  };
  stream.write(piece.subarray(0, 10));
  if (!stalls) flood();
  const answer = await answerOf(stream);
  const before = app.taken();
  if (stalls) flood();
  await closed;
  return { answer, taken: app.taken() - before };
}

export function openStream(session: ClientHttp2Session, headers: readonly Header[]): ClientHttp2Stream {
  const stream = session.request({ ':method': 'POST', ':path': '/hooks', ...Object.fromEntries(headers) });
  // What it writes after the end fails, as it must.
  stream.on('error', () => undefined);
  return stream;
}

/** The reply of a stream, whole. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const [headers] = await once(stream, 'response');
  const body = await text(stream);
  return { status: headers[':status'], contentType: headers['content-type'], allow: headers['allow'], body };
}

function headersOf(given: readonly Header[]): readonly Header[] {
  const signed = sign({ id: '', timestamp: '', body: piece }, key);
  return [...new Map([...signed.map(([name, value]) => [name.toLowerCase(), value] as const), ...given])];
}

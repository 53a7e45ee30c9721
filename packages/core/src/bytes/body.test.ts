import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Refusal, WebhookError } from '../error.ts';
import { signBody } from '../proof/sign.ts';
import { grantiva } from '../providers/grantiva.ts';
import { createReceiver } from '../receiver.ts';
import { type BodyInput, type BodyLimits, type BodyReader, readBody, toBytes } from './body.ts';
import { encode } from './encoding.ts';
import { requestBody, streamReader } from './stream.ts';

const limits = { maxBodyBytes: 10, bodyTimeoutMs: 10_000 };

async function read(input: BodyInput, headers: Record<string, string> = {}, options = limits) {
  return readBody(input, new Map(Object.entries(headers)), options, undefined, (_state, bytes) => bytes);
}

async function rejection(reading: Promise<unknown> | (() => Promise<unknown>)): Promise<WebhookError> {
  try {
    await (typeof reading === 'function' ? reading() : reading);
  } catch (error) {
    if (error instanceof Refusal) return error.toError();
    if (error instanceof WebhookError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const next = rest.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
}

const never = () => new Promise<never>(() => {});
const open: BodyLimits = { maxBytes: 1_000_000, timeoutMs: 10_000, signal: new AbortController().signal };

describe('a body', () => {
  it.each<[what: string, input: BodyInput]>([
    ['a Uint8Array', Uint8Array.of(104, 195, 169)],
    ['a Buffer', Buffer.from('hé')],
    ['a part of a larger buffer', Buffer.from('xxhéxx').subarray(2, 5)],
    ['an ArrayBuffer', Uint8Array.of(104, 195, 169).buffer],
    ['a string', 'hé'],
    ['a reader', async () => Uint8Array.of(104, 195, 169)],
  ])('may be %s', async (_what, input) => {
    expect(Buffer.from(await read(input)).toString('hex')).toBe('68c3a9');
  });

  it('may be a view of another kind, such as another realm has', async () => {
    const { buffer } = Uint8Array.of(0, 104, 105, 0);
    expect(toBytes(new DataView(buffer, 1, 2))).toEqual(Uint8Array.of(104, 105));
  });

  it('may be empty', async () => {
    expect(await read('')).toHaveLength(0);
    expect(await read(async () => new Uint8Array(0))).toHaveLength(0);
  });

  it.each<[what: string, input: unknown]>([
    ['a parsed object', { event: 'device.new' }],
    ['a parsed array', [1, 2]],
    ['null', null],
    ['undefined', undefined],
    ['a number', 5],
    ['a stream', new ReadableStream()],
  ])('that is %s is body_consumed', async (_what, input) => {
    expect((await rejection(read(input as BodyInput))).code).toBe('body_consumed');
  });

  it('that a reader gives as a parsed object is body_consumed', async () => {
    const reader = async () => JSON.parse('{"event":"device.new"}');
    expect((await rejection(read(reader))).code).toBe('body_consumed');
  });
});

describe('maxBodyBytes', () => {
  it.each<[what: string, of: (length: number) => BodyInput]>([
    ['bytes', (length) => new Uint8Array(length)],
    ['an ArrayBuffer', (length) => new ArrayBuffer(length)],
    ['a string', (length) => 'x'.repeat(length)],
    ['a reader that counts nothing', (length) => async () => new Uint8Array(length)],
    ['a stream', (length) => streamReader(streamOf([new Uint8Array(length - 1), new Uint8Array(1)]))],
  ])('is the most that %s may have', async (_what, of) => {
    expect(await read(of(10))).toHaveLength(10);
    expect((await rejection(read(of(11)))).code).toBe('body_too_large');
  });

  it('counts bytes and not characters', async () => {
    expect((await rejection(read('é'.repeat(6)))).code).toBe('body_too_large');
  });

  it('is told to the reader', async () => {
    const reader = vi.fn<BodyReader>(async () => new Uint8Array(0));
    await read(reader);
    const [told] = reader.mock.lastCall ?? expect.unreachable();
    expect(told).toMatchObject({ maxBytes: 10, timeoutMs: 10_000 });
    expect(told.signal).toBeInstanceOf(AbortSignal);
  });

  it('is judged by content-length before anything is read', async () => {
    const reader = vi.fn<BodyReader>(async () => new Uint8Array(0));
    expect((await rejection(read(reader, { 'content-length': '11' }))).code).toBe('body_too_large');
    expect(reader).not.toHaveBeenCalled();
  });

  it.each(['10', '0', '', 'many', '11, 11', '-1', '0x'])('believes no content-length of %j', async (length) => {
    expect(await read(async () => new Uint8Array(10), { 'content-length': length })).toHaveLength(10);
    expect((await rejection(read(async () => new Uint8Array(11), { 'content-length': length }))).code).toBe(
      'body_too_large',
    );
  });

  it('is kept where the reader says 413 in its own words, as raw-body does', async () => {
    const error = Object.assign(new Error('request entity too large'), { statusCode: 413 });
    expect((await rejection(read(() => Promise.reject(error)))).code).toBe('body_too_large');
  });
});

describe('a reader', () => {
  it.each<[what: string, thrown: unknown]>([
    ['an error', new Error('aborted')],
    ['an error with another status', Object.assign(new Error('size mismatch'), { statusCode: 400 })],
    ['null', null],
    ['undefined', undefined],
    ['text', 'ECONNRESET'],
  ])('that rejects with %s is body_incomplete', async (_what, thrown) => {
    const error = await rejection(read(() => Promise.reject(thrown)));
    expect(error.code).toBe('body_incomplete');
    expect(error.cause).toBe(thrown);
  });

  it('that throws before it returns is body_incomplete', async () => {
    const reader = () => {
      throw new Error('no stream');
    };
    expect((await rejection(read(reader))).code).toBe('body_incomplete');
  });

  it('that rejects with a WebhookError speaks for itself', async () => {
    const error = new WebhookError('body_consumed', 'express.json() was here');
    expect(await rejection(read(() => Promise.reject(error)))).toBe(error);
  });
});

describe('bodyTimeoutMs', () => {
  it('ends a body that never arrives, and aborts the signal of the reader', async () => {
    let signal: AbortSignal | undefined;
    const reader: BodyReader = (given) => {
      signal = given.signal;
      expect(given.signal.aborted).toBe(false);
      return never();
    };
    expect((await rejection(read(reader, {}, { ...limits, bodyTimeoutMs: 5 }))).code).toBe('body_timeout');
    expect(signal?.aborted).toBe(true);
  });

  it('stays body_timeout where the reader rejects because it was aborted', async () => {
    const reader: BodyReader = ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    expect((await rejection(read(reader, {}, { ...limits, bodyTimeoutMs: 5 }))).code).toBe('body_timeout');
  });

  it('lets go of a stream that stalls', async () => {
    let letGo = () => {};
    const cancelled = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(123)),
      pull: never,
      cancel: () => letGo(),
    });
    const error = await rejection(read(streamReader(stream), {}, { ...limits, bodyTimeoutMs: 5 }));
    expect(error.code).toBe('body_timeout');
    await cancelled;
  });

  it('leaves no timer behind once the body is there', async () => {
    vi.useFakeTimers();
    try {
      await read(async () => new Uint8Array(0));
      await rejection(read(() => Promise.reject(new Error('aborted'))));
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('Content-Encoding', () => {
  it.each(['identity', 'Identity', ' identity ', ''])('%j is no encoding', async (encoding) => {
    expect(await read('{}', { 'content-encoding': encoding })).toEqual(encode('{}'));
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', 'x'])('%j is unsupported_encoding', async (encoding) => {
    expect((await rejection(read('{}', { 'content-encoding': encoding }))).code).toBe('unsupported_encoding');
  });

  it('is judged before a byte is read: what unpacks it may hold the bytes back', async () => {
    const reader = vi.fn<BodyReader>(never);
    expect((await rejection(read(reader, { 'content-encoding': 'gzip' }))).code).toBe('unsupported_encoding');
    expect(reader).not.toHaveBeenCalled();
  });
});

describe('a stream', () => {
  it('gives the same bytes however it was split into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 30 }), async (chunks) => {
        const bytes = await streamReader(streamOf(chunks))(open);
        expect(Buffer.from(bytes)).toEqual(Buffer.concat(chunks));
      }),
    );
  });

  it('gives the same bytes one by one', async () => {
    const text = encode('{"text":"é👩‍🚀"}');
    const bytes = await streamReader(streamOf([...text].map((byte) => Uint8Array.of(byte))))(open);
    expect(bytes).toEqual(text);
  });

  it.each<[what: string, chunk: unknown]>([
    ['text', '{"a":1}'],
    ['objects', { a: 1 }],
  ])('of %s is body_consumed', async (_what, chunk) => {
    const stream = new ReadableStream({ start: (controller) => controller.enqueue(chunk) });
    expect((await rejection(read(streamReader(stream)))).code).toBe('body_consumed');
  });

  it('that is none is an empty body', async () => {
    expect(await streamReader(null)(open)).toHaveLength(0);
  });

  it('is let go of as soon as it is too large, even if it would never end', async () => {
    let pulls = 0;
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array(4));
      },
      cancel() {
        cancelled = true;
      },
    });
    expect((await rejection(read(streamReader(stream)))).code).toBe('body_too_large');
    expect(cancelled).toBe(true);
    expect(pulls).toBeLessThan(6);
  });

  it('that breaks is body_incomplete', async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('ECONNRESET')),
    });
    expect((await rejection(read(streamReader(stream)))).code).toBe('body_incomplete');
  });
});

describe('the body of a Request', () => {
  const text = '{"event":"webhook.test","data":{}}';
  const secret = 'whsec_test';

  async function request(body: BodyInit | null = text): Promise<Request> {
    const headers = await signBody(grantiva(), { body: text, secret, id: '', timestamp: 0 });
    return new Request('http://localhost/', { method: 'POST', headers, body });
  }

  const receiver = createReceiver({
    provider: grantiva(),
    secret,
    dedupe: false,
    onOutcome: () => {},
    on: { '*': () => {} },
  });

  it('is read by fetch', async () => {
    const response = await receiver.fetch(await request());
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ outcome: 'handled' });
  });

  it('that was read before is body_consumed, and the message names the fix', async () => {
    const read = await request();
    await read.json();
    expect(await (await receiver.fetch(read)).json()).toMatchObject({ status: 500, code: 'body_consumed' });
    const error = await rejection(async () => requestBody(read)(open));
    expect(error.message).toContain('request.clone()');
  });

  it('that someone else is reading is body_consumed', async () => {
    const locked = await request();
    locked.body?.getReader();
    expect(await (await receiver.fetch(locked)).json()).toMatchObject({ code: 'body_consumed' });
  });

  it('that a clone was read of is handled', async () => {
    const original = await request();
    await original.clone().text();
    expect(await (await receiver.fetch(original)).json()).toEqual({ outcome: 'handled' });
  });

  it('that is none is not genuine', async () => {
    expect((await receiver.fetch(await request(null))).status).toBe(401);
  });
});

import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Collector } from './collect.ts';
import { nodeStreamReader } from './node-stream.ts';

const limits = () => ({ maxBytes: 10, timeoutMs: 10_000, signal: new AbortController().signal });

describe('the collector of a body', () => {
  it('holds one buffer of at most twice the body, however small the chunks are', () => {
    const body = new Collector(1024 * 1024);
    const chunk = Uint8Array.of(7);
    for (let index = 0; index < 600_000; index++) body.add(chunk);
    const bytes = body.take();
    expect(bytes.length).toBe(600_000);
    expect(bytes.every((byte) => byte === 7)).toBe(true);
    expect(bytes.buffer.byteLength).toBeLessThanOrEqual(1024 * 1024);
  });

  it('never allocates more than is allowed', () => {
    const body = new Collector(10);
    body.add(new Uint8Array(6));
    body.add(new Uint8Array(1));
    expect(body.take().buffer.byteLength).toBe(10);
    expect(() => body.add(new Uint8Array(4))).toThrow(expect.objectContaining({ code: 'body_too_large' }));
  });

  it('keeps no chunk of a large packet: a sender of slices would keep whole packets in memory', () => {
    const body = new Collector(10);
    const chunk = new Uint8Array(64 * 1024).subarray(1_100, 1_102).fill(7);
    body.add(chunk);
    expect(body.take()).toEqual(Uint8Array.of(7, 7));
    expect(body.take().buffer.byteLength).toBe(2);
  });

  it('keeps a first chunk as it is that came with the headers alone, and never writes into it', () => {
    const body = new Collector(10);
    const packet = new Uint8Array(1_000);
    const chunk = packet.subarray(900, 902).fill(7);
    body.add(chunk);
    expect(body.take()).toBe(chunk);
    body.add(Uint8Array.of(8));
    expect(body.take()).toEqual(Uint8Array.of(7, 7, 8));
    expect(packet[902]).toBe(0);
  });
});

describe('a stream of Node', () => {
  it('is read to its end', async () => {
    const reader = nodeStreamReader(Readable.from([Buffer.from('one '), Buffer.from('two')], { objectMode: false }));
    expect(Buffer.from(await reader(limits())).toString()).toBe('one two');
  });

  it('is refused as soon as it is too large, and let go of', async () => {
    const stream = new PassThrough();
    const reading = nodeStreamReader(stream)(limits());
    stream.write(Buffer.alloc(11));
    await expect(reading).rejects.toMatchObject({ code: 'body_too_large' });
    expect(stream.listenerCount('data')).toBe(0);
  });

  it('that breaks, closes early or was destroyed before rejects', async () => {
    for (const end of [(one: PassThrough) => one.destroy(new Error('broken')), (one: PassThrough) => one.destroy()]) {
      const stream = new PassThrough();
      const reading = nodeStreamReader(stream)(limits());
      end(stream);
      await expect(reading).rejects.toThrow(/broken|closed/);
      await expect(nodeStreamReader(stream)(limits())).rejects.toThrow('not readable');
    }
  });

  it('is read where something has paused it, and where that happened in a pipe', async () => {
    const paused = Readable.from([Buffer.from('one '), Buffer.from('two')], { objectMode: false }).pause();
    expect(Buffer.from(await nodeStreamReader(paused)(limits())).toString()).toBe('one two');
    const piped = Readable.from([Buffer.alloc(300_000)])
      .pipe(new PassThrough())
      .pause();
    expect(await nodeStreamReader(piped)({ ...limits(), maxBytes: 300_000 })).toHaveLength(300_000);
  });

  it.each<[what: string, stream: Readable]>([
    ['text', Readable.from(['{"a":', '1}'])],
    ['objects', Readable.from([{ a: 1 }])],
    ['bytes that are decoded', Readable.from([Buffer.from('{"a":1}')], { objectMode: false }).setEncoding('utf8')],
    ['bytes, and then text', Readable.from([Buffer.from('{"a":'), '1}'])],
  ])('of %s is body_consumed', async (_what, stream) => {
    await expect(nodeStreamReader(stream)(limits())).rejects.toMatchObject({ code: 'body_consumed' });
  });

  it('may go wrong after it was too large: that ends nothing', async () => {
    const stream = new PassThrough();
    const reading = nodeStreamReader(stream)(limits());
    stream.write(Buffer.alloc(11));
    await expect(reading).rejects.toMatchObject({ code: 'body_too_large' });
    expect(stream.emit('error', new Error('late'))).toBe(true);
  });
});

import { expect, it } from 'vitest';
import { Collector } from './collect.ts';

it('takes memory for what has arrived, not for what may', () => {
  const body = new Collector(1024 * 1024);
  body.add(new Uint8Array(100));
  expect(body.take().buffer.byteLength).toBeLessThanOrEqual(200);
});

it('copies what it has a few times, and not with every chunk', () => {
  const body = new Collector(1024 * 1024);
  const buffers = new Set<ArrayBufferLike>();
  for (let byte = 0; byte < 4_096; byte++) {
    body.add(Uint8Array.of(byte));
    buffers.add(body.take().buffer);
  }
  expect(buffers.size).toBeLessThanOrEqual(13);
  expect(body.take()).toEqual(Uint8Array.from({ length: 4_096 }, (_, byte) => byte));
});

it('never takes more than the limit', () => {
  const body = new Collector(1_000);
  body.add(new Uint8Array(600));
  body.add(new Uint8Array(400));
  expect(body.take().buffer.byteLength).toBe(1_000);
  expect(() => body.add(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'body_too_large' }));
});

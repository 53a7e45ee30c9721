import { setTimeout as after } from 'node:timers/promises';
import { createReceiver } from '@hookproof/core';
import { describe, expect, it } from 'vitest';
import { frameworks } from './apps.ts';
import type { Row } from './judge.ts';
import { expectRow, framings, genuine, scheme, serve, signed } from './serve.ts';
import { chunk, head } from './wire.ts';

describe('a receiver that is told nothing of it', () => {
  it('waits 10 s for a body, and takes 1 MiB', () => {
    const { limits } = createReceiver({ provider: scheme.provider, secret: 'a secret', on: {} });
    expect(limits).toMatchObject({ bodyTimeoutMs: 10_000, maxBodyBytes: 1_048_576 });
  });
});

describe.each(frameworks)('%s', (framework) => {
  it.each(['length', 'chunked'] as const)(
    'ends a body that comes a byte at a time, in %s, with 408',
    async (framing) => {
      const { wire, nextReport, handled, expectAlive } = await serve(framework, { bodyTimeoutMs: 100 });
      const slow = await wire();
      const { body, headers } = genuine();
      await slow.write(head('POST', [...headers, framings[framing].header(body)]));
      const replying = slow.reply();
      const stopped = new AbortController();
      const dripping = (async () => {
        // Slow enough that the whole body would take many times as long as is allowed.
        for (const byte of body) {
          if (stopped.signal.aborted) return;
          await slow.write(framings[framing].piece(Uint8Array.of(byte)));
          await after(20, undefined, { signal: stopped.signal }).catch(() => undefined);
        }
      })();
      expectRow(await replying, 'body_timeout');
      stopped.abort();
      await dripping;
      expect(await nextReport()).toBe('body_timeout');
      expect(handled).toEqual([]);
      await expectAlive();
    },
  );

  it.each(['length', 'chunked'] as const)('takes a body that is cut off, in %s, for incomplete', async (framing) => {
    const { wire, nextReport, handled, expectAlive } = await serve(framework);
    const cut = await wire();
    const { body, headers } = genuine();
    const half = body.subarray(0, body.length / 2);
    await cut.write(head('POST', [...headers, framings[framing].header(body)]));
    await cut.write(framings[framing].piece(half));
    cut.destroy();
    expect(await nextReport()).toBe('body_incomplete');
    expect(handled).toEqual([]);
    await expectAlive();
  });

  it('answers deliveries that come in one write in their order, each for itself', async () => {
    const { wire, handled } = await serve(framework);
    const pipe = await wire();
    const rows: Row[] = ['handled', 'signature_mismatch', 'handled', 'missing_signature', 'handled', 'invalid_body'];
    const written = rows.map((row, nth) => {
      const { body, headers } = row === 'invalid_body' ? signed(new Uint8Array()) : genuine(nth);
      const sent = row === 'missing_signature' ? [] : headers;
      const bytes = row === 'signature_mismatch' ? Buffer.from(body).fill(0x20, 0, 1) : body;
      if (nth % 2 === 0) return [head('POST', [...sent, ['Content-Length', String(bytes.length)]]), bytes];
      return [head('POST', [...sent, ['Transfer-Encoding', 'chunked']]), ...chunksOf(bytes)];
    });
    await pipe.write(Buffer.concat(written.flat()));
    for (const row of rows) expectRow(await pipe.reply(), row);
    expect(handled).toEqual([{ nth: 0 }, { nth: 2 }, { nth: 4 }]);
  });

  it('asks for a body that is offered with Expect: 100-continue, and answers once it came', async () => {
    const { wire, nextReport, expectAlive } = await serve(framework);
    const polite = await wire();
    const { body, headers } = genuine();
    await polite.write(head('POST', [...headers, ['Content-Length', String(body.length)], ['Expect', '100-continue']]));
    expect((await polite.reply()).status).toBe(100);
    await polite.write(body);
    expectRow(await polite.reply(), 'handled');
    expect(await nextReport()).toBe('handled');
    await expectAlive(polite);
  });

  it('reads over chunk extensions and trailers, even one that is named like the signature', async () => {
    const { wire, nextReport, handled } = await serve(framework);
    const long = await wire();
    const { body, headers } = genuine();
    const [[name, value] = ['', '']] = headers;
    const chunks = [chunk(body.subarray(0, 5), ';a=b;c="d"'), chunk(body.subarray(5), ';x')];
    const trailer = (text: string) => Buffer.from(`0;last\r\n${text}\r\n\r\n`);
    await long.write(head('POST', [...headers, ['Transfer-Encoding', 'chunked']]));
    await long.write(Buffer.concat([...chunks, trailer(`${name}: sha256=${'0'.repeat(64)}`)]));
    expectRow(await long.reply(), 'handled');
    expect(await nextReport()).toBe('handled');
    // And a signature that comes after the body proves nothing.
    await long.write(
      head('POST', [
        ['Transfer-Encoding', 'chunked'],
        ['Trailer', name],
      ]),
    );
    await long.write(Buffer.concat([...chunks, trailer(`${name}: ${value}`)]));
    expectRow(await long.reply(), 'missing_signature');
    expect(await nextReport()).toBe('missing_signature');
    expect(handled).toHaveLength(1);
  });
});

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const whole = bytes.length === 0 ? [] : [chunk(bytes)];
  return [...whole, Buffer.from('0\r\n\r\n')];
}

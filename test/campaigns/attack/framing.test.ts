import { describe, expect, it } from 'vitest';
import { frameworks } from './apps.ts';
import type { Header } from './schemes.ts';
import { expectRow, framings, genuine, serve } from './serve.ts';
import { chunk, head } from './wire.ts';

describe.each(frameworks)('%s', (framework) => {
  it('believes a content-length that is too small, and what is left is a broken request', async () => {
    const { wire, nextReport, handled } = await serve(framework);
    const liar = await wire();
    const { body, headers } = genuine();
    const declared = body.subarray(0, -4);
    await liar.write(Buffer.concat([head('POST', [...headers, framings.length.header(declared)]), declared]));
    expectRow(await liar.reply(), 'signature_mismatch');
    expect(await nextReport()).toBe('signature_mismatch');
    await liar.write(body.subarray(-4));
    expect((await liar.reply()).status).toBe(400);
    await liar.ended;
    // All in one write, Node ends the connection before the first reply is out.
    const hasty = await wire();
    await hasty.write(Buffer.concat([head('POST', [...headers, framings.length.header(declared)]), body]));
    expect([400, 401]).toContain((await hasty.reply()).status);
    await hasty.ended;
    expect(handled).toEqual([]);
  });

  it('waits for the rest where content-length is too large, until time is up or the sender hangs up', async () => {
    const { wire, nextReport, handled, expectAlive } = await serve(framework, { bodyTimeoutMs: 100 });
    const { body, headers } = genuine();
    const start = head('POST', [...headers, ['Content-Length', String(body.length + 1)]]);
    const waiting = await wire();
    await waiting.write(Buffer.concat([start, body]));
    expectRow(await waiting.reply(), 'body_timeout');
    expect(await nextReport()).toBe('body_timeout');
    const leaving = await wire();
    await leaving.write(Buffer.concat([start, body]));
    leaving.destroy();
    expect(await nextReport()).toMatch(/^body_(incomplete|timeout)$/);
    expect(handled).toEqual([]);
    await expectAlive();
  });

  it('refuses at once what content-length says is too large, and what is too large without saying so', async () => {
    const { wire, nextReport, handled, expectAlive } = await serve(framework, { maxBodyBytes: 1_000 });
    const announced = await wire();
    await announced.write(head('POST', [...genuine().headers, ['Content-Length', '1001']]));
    expectRow(await announced.reply(), 'body_too_large');
    expect(await nextReport()).toBe('body_too_large');
    const endless = await wire();
    await endless.write(head('POST', [...genuine().headers, ['Transfer-Encoding', 'chunked']]));
    const replying = endless.reply();
    for (let sent = 0; sent <= 1_000; sent += 100) await endless.write(chunk(Buffer.alloc(100, ' ')));
    expectRow(await replying, 'body_too_large');
    expect(await nextReport()).toBe('body_too_large');
    expect(handled).toEqual([]);
    await expectAlive();
  });

  // What two servers in a row could read differently must not get as far as the receiver.
  it.each<[what: string, headers: (length: string) => readonly Header[]]>([
    [
      'content-length and transfer-encoding',
      (length) => [
        ['Content-Length', length],
        ['Transfer-Encoding', 'chunked'],
      ],
    ],
    [
      'transfer-encoding and content-length',
      (length) => [
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', length],
      ],
    ],
    [
      'two content-lengths that differ',
      (length) => [
        ['Content-Length', length],
        ['Content-Length', '3'],
      ],
    ],
    [
      'the same content-length twice',
      (length) => [
        ['Content-Length', length],
        ['Content-Length', length],
      ],
    ],
    ['content-lengths in a list', (length) => [['Content-Length', `${length}, ${length}`]]],
    ['a content-length with a sign', (length) => [['Content-Length', `+${length}`]]],
    ['a content-length below zero', () => [['Content-Length', '-1']]],
    ['a content-length in hex', () => [['Content-Length', '0x10']]],
    ['a content-length beyond all numbers', () => [['Content-Length', '9'.repeat(40)]]],
    ['a transfer-encoding that nobody knows', () => [['Transfer-Encoding', 'chunked, identity']]],
    ['a space before the colon', (length) => [['Content-Length ', length]]],
  ])('refuses %s, before the receiver sees it', async (_what, framing) => {
    const { wire, handled, expectAlive } = await serve(framework);
    const smuggler = await wire();
    const { body, headers } = genuine();
    await smuggler.write(Buffer.concat([head('POST', [...headers, ...framing(String(body.length))]), body]));
    expect((await smuggler.reply()).status).toBe(400);
    await smuggler.ended;
    expect(handled).toEqual([]);
    await expectAlive();
  });
});

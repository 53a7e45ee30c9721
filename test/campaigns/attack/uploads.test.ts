import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Framework, frameworks } from './apps.ts';
import { expectRow, genuine } from './serve.ts';
import type { ServerMessage } from './upload-server.ts';
import { chunk, head, openWire, type Wire } from './wire.ts';

const uploads = 1_000;
const MiB = 1024 * 1024;

const servers: ChildProcess[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.kill();
});

/** A server in a process of its own, so that its memory is its own. */
function startServer(framework: Framework, maxBodyBytes: number) {
  const server = fork(fileURLToPath(new URL('upload-server.ts', import.meta.url)), [framework, String(maxBodyBytes)], {
    execArgv: ['--conditions=@hookproof/source', '--import', 'tsx', '--expose-gc'],
  });
  servers.push(server);
  const next = () =>
    new Promise<ServerMessage>((resolve, reject) => {
      server.once('message', (message: ServerMessage) => resolve(message));
      server.once('exit', (code) => reject(new Error(`The server ended with ${code}.`)));
    });
  return { next, ask: () => server.send('how much?') };
}

/** Uploads on all connections at once, a piece on each in turn, so that all of them are half done at the same time. */
async function upload(wires: readonly Wire[], pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    await Promise.all(wires.map((wire) => (wire.isOpen() ? wire.write(piece) : undefined)));
  }
}

interface Kind {
  readonly maxBodyBytes: number;
  /** In how many times the limit of all uploads together the server must manage. */
  readonly share: number;
  readonly head: (length: number) => Uint8Array;
  readonly pieces: (body: Uint8Array) => readonly Uint8Array[];
}

const { headers } = genuine();

const kinds: Readonly<Record<string, Kind>> = {
  // Refused by their headers: nothing of them may be kept.
  announced: {
    maxBodyBytes: MiB,
    share: 1 / 4,
    head: (length) => head('POST', [...headers, ['Content-Length', String(length)]]),
    pieces: (body) => [body],
  },
  // What has not said how long it is must be kept up to the limit, and no further: a sender can take that much memory
  // with as many connections as the server accepts.
  unannounced: {
    maxBodyBytes: 64 * 1024,
    share: 4,
    head: () => head('POST', [...headers, ['Transfer-Encoding', 'chunked']]),
    pieces: (body) => [0, 1, 2, 3, 4].map((nth) => chunk(body.subarray(nth * 16_384, (nth + 1) * 16_384))),
  },
};

describe.each(frameworks)('%s', (framework) => {
  it.each(Object.entries(kinds))(
    `refuses ${uploads} parallel uploads just over the limit, %s, in bounded memory`,
    { timeout: 120_000 },
    async (name, { maxBodyBytes, share, head: start, pieces }) => {
      const server = startServer(framework, maxBodyBytes);
      const began = await server.next();
      if (!('port' in began)) return expect.unreachable('the server tells its port first');
      const wires = await Promise.all(Array.from({ length: uploads }, () => openWire(began.port)));
      const body = Buffer.alloc(maxBodyBytes + 1, ' ');
      const replying = Promise.allSettled(wires.map((wire) => wire.reply()));
      await Promise.all(wires.map((wire) => wire.write(start(body.length))));
      await Promise.all([replying, upload(wires, pieces(body))]);
      // Who goes on uploading when the server has answered and closed may see a reset in place of the reply.
      const replies = (await replying).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      for (const reply of replies) expectRow(reply, 'body_too_large');
      await Promise.all(wires.map((wire) => wire.ended));
      const asked = server.next();
      server.ask();
      const ended = await asked;
      if (!('peakRss' in ended)) return expect.unreachable('the server tells its memory last');
      const inMiB = (bytes: number) => `${Math.round(bytes / MiB)} MiB`;
      console.log(
        `${framework}, ${uploads} uploads of ${body.length} bytes, ${name}: peak RSS ${inMiB(ended.peakRss)}, ` +
          `${inMiB(began.rssBefore)} before; heap afterwards ${inMiB(ended.heapAfter)}; replies read ${replies.length}`,
      );
      expect(ended.outcomes).toEqual({ body_too_large: uploads });
      expect(ended.peakRss - began.rssBefore).toBeLessThan(share * uploads * maxBodyBytes);
    },
  );
});

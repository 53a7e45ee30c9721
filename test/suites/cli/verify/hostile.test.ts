import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exitCode } from '../../../../packages/cli/src/exit-code.ts';
import { Failure } from '../../../../packages/cli/src/failure.ts';
import { formats, readCapture } from '../../../../packages/cli/src/verify/captures/formats.ts';
import { hookproof } from '../hookproof.ts';
import { fileOf } from './captures.ts';

/** Reads a capture in every format; whatever it is, it is read or refused in words. */
function readEveryWay(capture: Uint8Array): void {
  for (const format of [undefined, ...formats]) {
    try {
      const requests = readCapture(capture, format);
      const isText = (header: readonly unknown[]) => header.every((part) => typeof part === 'string');
      expect(requests.every(({ headers, notes }) => headers.every(isText) && notes.length < 4)).toBe(true);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(Failure);
      // Two lengths are a request, but one that every server refuses.
      const isRefused = thrown instanceof Failure && thrown.code === 'bad_request';
      expect(thrown).toMatchObject({ exitCode: isRefused ? exitCode.no : exitCode.usage });
    }
  }
}

/** Pieces of which captures are made, in any order. */
const pieces = fc.constantFrom(
  'POST / HTTP/1.1', '\r\n', '\n', '\n\n', ': ', ':method: POST', 'transfer-encoding: chunked\n', 'content-length: 9\n',
  '0', 'ffffffff', '5;', 'curl ', "'", '"', "$'", '\\', '\\x', '\\U110000', '-H ', '-d ', '--data=', '--__proto__ x ', '@', '> ', '< ', '* ',
  '=> Send header, 9 bytes (0x9)\n', '=> Send data, 99999999 bytes\n', '0000: ', '41 3a ', 'text', '{"log":{"entries":[', '{"request":', '{"method":"POST",',
  '"headers":[', ']', '}', '[', ',', '"__proto__":', '\u0000', '\ufeff', '\u001b[2J',
); // biome-ignore format: a list

const har = (text: string) => {
  const request = { method: 'POST', headers: [], postData: { text, encoding: 'base64' } };
  return JSON.stringify({ log: { entries: [{ request }] } });
};

describe('hostile captures', () => {
  it('any bytes are read or refused in words', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readEveryWay), { numRuns: 500 });
  });

  it('so is what is almost a capture', () => {
    const almost = fc.array(fc.oneof(pieces, pieces, fc.string({ maxLength: 8 })), { maxLength: 30 });
    fc.assert(
      fc.property(almost, (parts) => readEveryWay(Buffer.from(parts.join('')))),
      { numRuns: 3000 },
    );
  });

  it('so is any JSON in the place of a HAR', () => {
    const json = fc.tuple(
      fc.constantFrom('', '{"log":', '{"log":{"entries":', '{"log":{"entries":[{"request":'),
      fc.json(),
    );
    fc.assert(fc.property(json, ([before, value]) => readEveryWay(Buffer.from(before + value + '}}]}}'.slice(0, 4)))));
    fc.assert(
      fc.property(fc.json(), (value) => readEveryWay(Buffer.from(`{"log":{"entries":[{"request":${value}}]}}`))),
    );
  });

  it('__proto__ in a HAR changes nothing', () => {
    const request = '{"method":"POST","headers":[{"name":"__proto__","value":"1"}],"__proto__":{"polluted":1}}';
    const [read] = readCapture(Buffer.from(`{"__proto__":{"polluted":1},"log":{"entries":[{"request":${request}}]}}`));
    expect(read?.headers).toEqual([['__proto__', '1']]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  // Work that grew with the square of the size would not end within the time that a test has.
  it.each<[what: string, text: string]>([
    ['JSON that is nested deeply', '['.repeat(4_000_000)],
    [
      'a HAR that is nested deeply',
      `{"log":{"entries":[{"request":{"x":${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}}}]}}`,
    ],
    ['spaces', `POST / HTTP/1.1\na:${' '.repeat(4_000_000)}\n\n`],
    ['line breaks', '\n'.repeat(4_000_000)],
    ['carriage returns', `POST / HTTP/1.1\n${'\r'.repeat(4_000_000)}`],
    ['chunks of one byte', `POST / HTTP/1.1\ntransfer-encoding: chunked\n\n${'1\na\n'.repeat(1_000_000)}0\n\n`],
    ['a size of a chunk without an end', `POST / HTTP/1.1\ntransfer-encoding: chunked\n\n${'1'.repeat(4_000_000)}`],
    ['a quote that is not closed', `curl a -d "${'\\"'.repeat(2_000_000)}`],
    ['space after curl', `curl ${'\r'.repeat(4_000_000)}x`],
    ['space after curl that ends as of cmd', `curl ${' '.repeat(2_000_000)}${'\t '.repeat(900_000)}^`],
    ['dollar signs', `curl ${'$'.repeat(4_000_000)}`],
    ['quotes', `curl ${`''"a"$'b'`.repeat(500_000)}`],
    ['backslashes', `curl ${'\\'.repeat(4_000_001)}`],
    ['a long word', `curl ${'a'.repeat(4_000_000)}`],
    ['many words', `curl ${'-H a '.repeat(200_000)}`],
    ['many announcements', '=> Send header, 1 bytes\n'.repeat(200_000)],
    ['many lines of a dump', `=> Send data, 9 bytes\n${'0000: 41\n'.repeat(400_000)}`],
    ['many requests', '> POST / HTTP/1.1\n> \n'.repeat(200_000)],
    ['a prompt without an end', `${'$ '.repeat(1_000_000)}curl a`],
    ['variables without an end', `curl${' A=b'.repeat(1_000_000)} curl a`.slice(5)],
    ['a folder without an end', `${'/a'.repeat(2_000_000)}/curl a`],
    ['base64 with spaces', har(`${'A'.repeat(1_000_000)}${' '.repeat(2_000_000)}!`)],
    ['base64 with padding', har(`A${'='.repeat(4_000_000)}A`)],
    ['a dump of spaces', `=> Send header, 16 bytes\n0000: ${' '.repeat(4_000_000)}`],
  ])('%s', (_what, text) => readEveryWay(Buffer.from(text)));

  const env = { HOOKPROOF_SECRET: 'a' };

  it.each([
    ['padding', `x${'='.repeat(4_000_000)}x`],
    ['line breaks that are written out', `x${'\\n'.repeat(2_000_000)}x`],
    ['quotes', `x${'"'.repeat(4_000_000)}x`],
    ['spaces', `x${' '.repeat(4_000_000)}x`],
  ])('a secret with %s takes no time by the square of its length', async (_what, secret) => {
    const input = `POST / HTTP/1.1\nX-Gravv-Signature: ${'0'.repeat(64)}\n\n{}`;
    const { stdout } = await hookproof(['verify', 'gravv', '--secret-file', fileOf(secret)], { input });
    expect(stdout).toContain('because of nothing_fits');
  });

  it('unknown options, commands and stores take linear time, too', async () => {
    const long = (sign: string) => sign.repeat(120_000);
    const wrong = [['send', `--${long('-')}`], ['send', `--a=${long("'")}`], [long('a')], ['inbox', 'list', long(':')]];
    for (const argv of wrong) expect((await hookproof(argv)).code).not.toBe(0);
  });

  it('more than 16 MiB of standard input is refused', async () => {
    const input = Array.from({ length: 17 }, () => Buffer.alloc(1024 * 1024, 'a'));
    const { code, stderr } = await hookproof(['verify', 'gravv'], { env, input });
    expect([code, stderr]).toEqual([2, 'Error: The request is larger than 16 MiB.\n']);
  });

  it.skipIf(!existsSync('/dev/zero'))('a file without an end is not read to its end', async () => {
    const { code, stderr } = await hookproof(['verify', 'gravv', '/dev/zero'], { env });
    expect([code, stderr]).toEqual([2, 'Error: The request is larger than 16 MiB.\n']);
    const { stderr: ofBody } = await hookproof(['verify', 'gravv', '--body-file', '/dev/zero'], { env });
    expect(ofBody).toBe('Error: The body is larger than 16 MiB.\n');
  });
});

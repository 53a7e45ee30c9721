import { describe, expect, it } from 'vitest';
import { readRawHttp } from './raw-http.ts';

const read = (text: string) => readRawHttp(Buffer.from(text, 'latin1'));
const bodyIn = (text: string) => Buffer.from(read(text).body ?? []).toString('latin1');

describe('the head', () => {
  it.each([
    ['CRLF', 'POST /hook HTTP/1.1\r\nHost: a\r\nX-Sig:  one \r\n\r\n{}'],
    ['LF', 'POST /hook HTTP/1.1\nHost: a\nX-Sig: one\n\n{}'],
    ['empty lines before it', '\r\n\nPOST /hook HTTP/1.1\nHost: a\nX-Sig: one\n\n{}'],
    ['spaces in the empty line', 'POST /hook HTTP/1.1\nHost: a\nX-Sig: one\n \n{}'],
    ['HTTP/2', ':method: POST\n:path: /hook\n:scheme: https\nHost: a\nX-Sig: one\n\n{}'],
    ['no version', 'POST /hook\nHost: a\nX-Sig: one\n\n{}'],
  ])('is read with %s', (_what, text) => {
    expect(read(text)).toMatchObject({
      method: 'POST',
      target: '/hook',
      headers: [
        ['Host', 'a'],
        ['X-Sig', 'one'],
      ],
      body: Buffer.from('{}'),
      notes: [],
    });
  });

  it('keeps a method as it came, and headers that came twice', () => {
    expect(read('get / HTTP/1.1\nA: 1\na: 2\n\n')).toMatchObject({
      method: 'get',
      headers: [
        ['A', '1'],
        ['a', '2'],
      ],
    });
  });

  it('joins a header that goes on in the next line', () => {
    expect(read('POST / HTTP/1.1\nA: one\n  two\n\tthree\n\n').headers).toEqual([['A', 'one two three']]);
  });

  it('may lack the request line, and says what that means', () => {
    expect(read('A: 1\n\n{}')).toMatchObject({ method: 'POST', notes: [expect.stringContaining('taken for a POST')] });
  });

  it('may be all there is', () => {
    expect(read('POST / HTTP/1.1\nA: 1')).toMatchObject({ headers: [['A', '1']], body: Buffer.alloc(0) });
  });

  it.each([
    ['a response', 'HTTP/1.1 401 Unauthorized\n\n', 'This is a response'],
    ['a line without a colon', 'POST / HTTP/1.1\nA: 1\n{"sec":1}\n', 'Line 3 of the request is not a header'],
    ['a name with a space', 'POST / HTTP/1.1\nmy name: 1\n\n', 'Line 2'],
    ['a head without an end', `A: 1\n${'B: 2\n'.repeat(20_000)}`, '64 KiB'],
    ['a header without an end', `A: ${'1'.repeat(70_000)}`, '64 KiB'],
  ])('%s is refused in words', (_what, text, problem) => {
    expect(() => read(text)).toThrow(problem);
    expect(() => read(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('the body', () => {
  it('keeps every byte', () => {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, at) => at % 256));
    expect(readRawHttp(Buffer.concat([Buffer.from('POST / HTTP/1.1\nA: 1\n\n'), bytes])).body).toEqual(bytes);
  });

  it.each(['\n', '\r\n'])('loses the line break %j that an editor added', (end) => {
    const { body, isCut, notes } = read(`POST / HTTP/1.1\nContent-Length: 2\n\n{}${end}`);
    expect([Buffer.from(body ?? []).toString(), isCut, notes.length]).toEqual(['{}', false, 1]);
  });

  it('keeps a line break without a Content-Length, and one that it counts', () => {
    expect(bodyIn('POST / HTTP/1.1\nA: 1\n\n{}\n')).toBe('{}\n');
    expect(read('POST / HTTP/1.1\nContent-Length: 3\n\n{}\n')).toMatchObject({ notes: [], isCut: false });
  });

  it('that is longer than it should be is kept whole', () => {
    const { body, isCut, counted, notes } = read('POST / HTTP/1.1\nContent-Length: 2\n\n{ }');
    expect([body?.length, isCut, counted, notes]).toEqual([3, false, 2, [expect.stringContaining('says 2 bytes')]]);
  });

  it.each([
    ['several lengths', 'Content-Length: 2\nContent-Length: 3'],
    ['a length and chunks', 'Content-Length: 2\nTransfer-Encoding: chunked'],
  ])('with %s is refused, as every server does', (_what, headers) => {
    expect(() => read(`POST / HTTP/1.1\n${headers}\n\n{}`)).toThrow('a server answers 400');
    expect(() => read('POST / HTTP/1.1\nContent-Length: 2\nContent-Length: 2\n\n{}')).not.toThrow();
  });

  it('that is shorter is cut off', () => {
    const { isCut, notes } = read('POST / HTTP/1.1\nContent-Length: 20\n\n{ }');
    expect([isCut, notes]).toEqual([true, [expect.stringContaining('20 bytes, and the capture has 3')]]);
  });

  it.each([
    ['as sent', '4\r\n{"a"\r\n3;x=y\r\n:1}\r\n0\r\n\r\n', '{"a":1}', false],
    ['with trailers', '7\r\n{"a":1}\r\n0\r\nSum: 1\r\n\r\n', '{"a":1}', false],
    ['with LF', '7\n{"a":1}\n0\n\n', '{"a":1}', false],
    ['that a tool has put together', '{"a":1}', '{"a":1}', false],
    ['that only looks so', '7\r\n{"a":1} and more\r\n0\r\n\r\n', '7\r\n{"a":1} and more\r\n0\r\n\r\n', false],
    ['of which the end is missing', '4\r\n{"a"\r\n', '{"a"', true],
    ['that ends in a chunk', 'ff\r\n{"a"', '{"a"', true],
    ['that ends in a size', '4\r\n{"a"\r\n1', '{"a"', true],
    ['without a byte', '', '', false],
  ])('in chunks %s', (_what, framed, body, isCut) => {
    const request = read(`POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${framed}`);
    expect(Buffer.from(request.body ?? []).toString()).toBe(body);
    expect(request.isCut).toBe(isCut);
  });
});

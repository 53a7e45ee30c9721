import { describe, expect, it } from 'vitest';
import { type Format, readCapture } from './formats.ts';

const read = (text: string, format?: Format) => readCapture(Buffer.from(text), format);
const har = (...requests: readonly object[]) =>
  JSON.stringify({ log: { entries: requests.map((request) => ({ request })) } });
const post = { method: 'POST', url: 'https://a/hook', headers: [{ name: 'A', value: '1' }] };
const bodyOf = (text: string) => Buffer.from(read(text)[0]?.body ?? []).toString();

const trace = `12:00:00.123456 == Info:   Trying
12:00:00.123456 => Send header, 29 bytes (0x1d)
0000: POST /hook HTTP/1.1
0015: A: 1
001b:
12:00:00.123456 => Send data, 68 bytes (0x44)
0000: {"a":"0123456789012345678901234567890123456789012345678901234567
0040: "}
12:00:00.123456 <= Recv header, 17 bytes (0x11)
0000: HTTP/1.1 200 OK
`;

describe('the format is found out', () => {
  it.each([
    ['raw HTTP', 'POST /hook HTTP/1.1\nA: 1\n\n{}', '{}'],
    ['raw HTTP after a byte order mark', '\ufeffPOST /hook HTTP/1.1\nA: 1\n\n{}', '{}'],
    ['raw HTTP whose body looks like a trace', 'POST /hook HTTP/1.1\nA: 1\n\n=> Send data, 1', '=> Send data, 1'],
    ['a HAR', har({ ...post, postData: { mimeType: 'x', text: '{}' } }), '{}'],
    [
      'curl -v',
      '*   Trying\n> POST /hook HTTP/1.1\r\n> A: 1\r\n> \r\n} [2 bytes data]\n< HTTP/1.1 401\n< B: 1\n< \n{ [1 bytes data]',
      '',
    ],
    ['curl -v after its meter', '  % Total\n  0     0\n{ [5 bytes data]\n> POST /hook HTTP/2\n> A: 1\n', ''],
    ['curl --trace-ascii', trace, `{"a":"${'0123456789'.repeat(6).slice(0, 58)}"}\r\n`],
    ['a curl command', "curl 'https://a/hook' \\\n  -H 'A: 1' --data-raw '{}'", '{}'],
  ])('%s', (what, text, body) => {
    const [request, ...others] = read(text);
    expect(others).toEqual([]);
    expect(request).toMatchObject({ method: 'POST', headers: [['A', '1']] });
    expect(request?.target).toMatch(/\/hook$/);
    if (what.startsWith('curl -v')) expect(request?.body).toBeUndefined();
    else expect(bodyOf(text)).toBe(body);
  });

  it.each([
    ['an empty input', ' \n', 'the input is empty'],
    ['UTF-16', '', 'UTF-16'],
    ['JSON that is a body', '{"id":"evt_1"}', 'no HAR'],
    ['JSON that was cut off', '{"log":{"entries":[', 'not JSON'],
    ['an entry without a request', '{"log":{"entries":[{}]}}', 'Entry 1'],
    ['a HAR without entries', '{"log":{"entries":[]}}', 'no request'],
    [
      'a command for cmd',
      'curl ^"https://a/hook^" ^\r\n  -H ^"A: 1^" ^\r\n  --data-raw ^"^{^}^"',
      'for cmd of Windows',
    ],
    ['a command for PowerShell', 'Invoke-WebRequest -UseBasicParsing -Uri "https://a/hook" `', 'PowerShell'],
    ['a trace of answers alone', '<= Recv header, 2 bytes (0x2)\n0000: ', 'no request'],
  ])('%s is refused in words', (what, text, problem) => {
    const bytes = what === 'UTF-16' ? Buffer.from('\ufeffPOST', 'utf16le') : Buffer.from(text);
    expect(() => readCapture(bytes)).toThrow(problem);
  });

  it('unless it is given', () => {
    expect(() => read('POST / HTTP/1.1\n\n{}', 'har')).toThrow('not JSON');
    expect(read('noise\n> POST / HTTP/1.1\n> A: 1', 'curl')).toMatchObject([{ headers: [['A', '1']] }]);
    expect(() => read('{"log":{}}', 'http')).toThrow('not a header');
  });
});

describe('a HAR', () => {
  const postData = { mimeType: 'application/json' };

  it('may hold the body in base64', () => {
    expect(bodyOf(har({ ...post, postData: { ...postData, text: 'e30=', encoding: 'base64' } }))).toBe('{}');
  });

  it('says that bytes which were no text are lost', () => {
    const [request] = read(har({ ...post, bodySize: 1, postData: { ...postData, text: '\ufffd' } }));
    expect(request?.notes).toEqual([
      expect.stringContaining('U+FFFD'),
      expect.stringContaining('had 1 bytes; its text has 3'),
    ]);
  });

  it('may lack the body', () => {
    const requests = read(har({ ...post, bodySize: 0 }, { ...post, bodySize: 7 }, { ...post, postData }));
    expect(requests.map(({ body }) => body?.length)).toEqual([0, undefined, undefined]);
  });

  it('is read without its pseudo headers', () => {
    expect(read(har({ ...post, headers: [{ name: ':method', value: 'POST' }, ...post.headers] }))[0]?.headers).toEqual([
      ['A', '1'],
    ]);
  });
});

describe('a trace', () => {
  it('warns of dots, which may stand for anything', () => {
    expect(read(trace)[0]?.notes).toEqual([]);
    expect(read(trace.replace('{"a"', '{.a"'))[0]?.notes).toEqual([expect.stringContaining('--trace-ascii')]);
  });

  it.each([
    ['lost a line', trace.replace(/0040: .*\n/, '')],
    ['lost its end', trace.replace('68 bytes', '90 bytes')],
    ['lost a byte of hex', '=> Send header, 3 bytes (0x3)\n0000: 41 3a'],
  ])('that %s is refused', (_what, text) => {
    expect(() => read(text)).toThrow('The trace is damaged');
  });
});

describe('a curl command', () => {
  it('of more than 2,000 words is refused', () => {
    const command = (words: number) => `curl a${' -s'.repeat(words - 2)}`;
    expect(read(command(2_000))).toHaveLength(1);
    expect(() => read(command(2_001))).toThrow('too many words');
  });

  it.each([
    ['a quote', (gap: string) => `curl${gap}^"https://a/hook^"`],
    ['the end of its line', (gap: string) => `curl${gap}https://a/hook ^\r\n  -d {}`],
    ['its first line alone', (gap: string) => `curl${gap}^\n  -d {}`],
  ])('for cmd is known by %s, for which only its first 2,000 characters are looked at', (_what, command) => {
    for (const gap of [' ', ' \r\t ', ' '.repeat(1_900)])
      expect(() => read(command(gap))).toThrow('for cmd of Windows');
    expect(read(command(' '.repeat(2_000)))).toHaveLength(1);
  });

  it('with a variable in a header is taken as it stands, and said so', () => {
    const [request] = read(`curl a -H "X-Signature: $SIG" -d '{"price":"$5","name":"$a"}'`);
    expect(request?.notes).toEqual([expect.stringContaining('variable')]);
    expect(read(`curl a -H "A: b" -d '{"price":"$a"}'`)[0]?.notes).toEqual([]);
  });

  it.each([
    ['single quotes', `curl a -d '{"a": "b"}'`, '{"a": "b"}'],
    ['double quotes', 'curl a -d "{\\"a\\": \\"\\$b\\n\\"}"', '{"a": "$b\\n"}'],
    ["$'…'", 'curl a --data-raw $\'{"a": "\\u00e0\\\'\\n\\x41\\101\\\\"}\'', '{"a": "à\'\nAA\\"}'],
    ['no quotes', 'curl a -d {} | jq', '{}'],
    ["bytes and characters of $'…'", "curl a -d $'\\xc3\\xa9\\u00e9é\\303\\251'", 'éééé'],
    ['what cmd quotes with', `curl a -d '{"^":"^"}'`, '{"^":"^"}'],
    ['its parts glued together', `curl a -d'{'"}"`, '{}'],
    ['data twice', 'curl a -d a=1 --data-binary b=2', 'a=1&b=2'],
    ['an @ that is meant', 'curl a --data-raw @x', '@x'],
    ['a dollar sign', 'curl a -d $HOME', '$HOME'],
    ['other options before it', 'curl -sSL --max-time 3 -X POST a --json {}', '{}'],
  ])('is read with %s', (_what, command, body) => {
    expect(bodyOf(command)).toBe(body);
    expect(read(command)[0]?.method).toBe('POST');
  });

  it('reads headers as curl does', () => {
    const [request] = read("$ curl -X PUT a -H 'A: 1' --header 'B:2' -H 'Accept:' -H 'C;' -H junk");
    expect(request).toMatchObject({
      method: 'PUT',
      headers: [
        ['A', '1'],
        ['B', '2'],
        ['C', ''],
      ],
    });
    expect(read('curl https://a/b')).toMatchObject([{ method: 'GET', target: 'https://a/b' }]);
  });

  it.each([
    ['a file', 'curl a -d @body.json', '--body-file'],
    ['a form', 'curl a -F x=1', '--body-file'],
    ['an upload', 'curl a -T file', '--body-file'],
    ['an open quote', "curl a -d '{", 'A quote in the curl command'],
    ['an open quote of the other kind', 'curl a -d "{\\"', 'A quote in the curl command'],
  ])('with %s is refused in words', (_what, command, said) => {
    expect(() => read(command)).toThrow(expect.objectContaining({ exitCode: 2 }));
    try {
      read(command);
    } catch (thrown) {
      expect(JSON.stringify(thrown) + String(thrown)).toContain(said);
    }
  });
});

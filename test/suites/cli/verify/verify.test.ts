import { PassThrough } from 'node:stream';
import { run } from '@hookproof/cli';
import { grantex } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { describe, expect, it } from 'vitest';
import type { Sent } from '../../diagnosis/mistake.ts';
import { events, fromGrantex, fromGrantiva, fromOldGrantex, newSecret } from '../../diagnosis/senders.ts';
import { hookproof, hookproofProcess } from '../hookproof.ts';
import { fileOf, harOf } from './captures.ts';

const at = Date.UTC(2026, 10, 21, 9);
const twoHours = 7_200_000;

/** A request as raw HTTP. */
function raw({ headers, body }: Sent): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\n`);
  return Buffer.concat([Buffer.from(`POST /hook HTTP/1.1\n${lines.join('')}\n`), body]);
}

async function captured(secret: string, time = at) {
  const sent = await signedDelivery(grantex(), { body: events.grantex }, { secret, at: time });
  return { sent, file: fileOf(raw(sent)), env: { HOOKPROOF_SECRET: secret } };
}

const objectIn = (stdout: string): Record<string, unknown> => JSON.parse(stdout);

describe('a genuine request', () => {
  it('is told with what it is, and ends with 0', async () => {
    const { file, env } = await captured(newSecret());
    expect(await hookproof(['verify', 'grantex', file, '--at', '2026-11-21T09:00:10Z'], { env })).toMatchObject({
      code: 0,
      stderr: '',
      stdout: `Genuine: grantex signed this request, and a receiver takes it.
  type       grant.revoked
  id         evt_1
  key        evt_1
  timestamp  2024-05-06T07:08:09.000Z
  signature  x-grantex-signature-v2
  signed at  2026-11-21T09:00:00.000Z
  secret     1 of 1 (HOOKPROOF_SECRET)
  reply      200 handled, where a handler wants this type
`,
    });
  });

  it('is one object with --json', async () => {
    const { file, env } = await captured(newSecret());
    const { code, stdout } = await hookproof(['verify', 'grantex', file, '--at', String(at / 1000), '--json'], { env });
    expect(code).toBe(0);
    expect(objectIn(stdout)).toEqual({
      outcome: 'handled',
      status: 200,
      isGenuine: true,
      provider: 'grantex',
      type: 'grant.revoked',
      id: 'evt_1',
      key: 'evt_1',
      timestamp: '2024-05-06T07:08:09.000Z',
      signatureHeader: 'x-grantex-signature-v2',
      signedAt: '2026-11-21T09:00:00.000Z',
      secretIndex: 0,
      secretFrom: 'HOOKPROOF_SECRET',
      notes: [],
    });
  });

  it('comes by way of standard input', async () => {
    const { sent, env } = await captured(newSecret(), Date.now());
    for (const argv of [[], ['-']]) {
      expect((await hookproof(['verify', 'grantex', ...argv], { env, input: raw(sent) })).code).toBe(0);
    }
  });

  it('may fit the second of several secrets, which is said', async () => {
    const { file } = await captured('the old one', Date.now());
    const [fresh, old] = [fileOf('the new one\n'), fileOf('the old one\r\n')];
    const { code, stdout } = await hookproof(['verify', 'grantex', file, '--secret-file', fresh, '--secret-file', old]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`secret     2 of 2 (--secret-file ${old})\n`)]);
    expect(stdout).toContain('Note: An older secret of the list fits');
  });

  it('has its text shown without control characters', async () => {
    const secret = newSecret();
    const body = { ...events.grantex, type: 'new.\u001b[2J\u202etype' };
    const { stdout } = await hookproof(['verify', 'grantex'], {
      env: { HOOKPROOF_SECRET: secret },
      input: raw(await fromGrantex(secret, body)),
    });
    expect(stdout).toContain('type       new.\\u{1b}[2J\\u{202e}type\n');
  });
});

describe('a capture that is old', () => {
  it('is genuine, and refused for its age alone', async () => {
    const { file, env } = await captured(newSecret(), Date.now() - twoHours);
    const { code, stdout } = await hookproof(['verify', 'grantex', file], { env });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Refused: grantex signed this request, but a receiver refuses it: 401 stale_delivery/);
    expect(stdout).toContain('The request is 2 h old, and a receiver takes 300 s.');
    expect(stdout).toContain('--at signed');
  });

  it('is taken as of when it was signed, or with more tolerance', async () => {
    const { file, env } = await captured(newSecret(), Date.now() - twoHours);
    expect((await hookproof(['verify', 'grantex', file, '--at', 'signed'], { env })).code).toBe(0);
    expect((await hookproof(['verify', 'grantex', file, '--tolerance', '8000'], { env })).code).toBe(0);
    expect((await hookproof(['verify', 'grantex', file, '--tolerance', '7000'], { env })).code).toBe(1);
  });

  it('has no age where nothing signs a time', async () => {
    const secret = newSecret();
    const argv = ['verify', 'grantiva', '--at', 'signed'];
    const input = raw(await fromGrantiva(secret));
    const { code, stdout } = await hookproof(argv, { env: { HOOKPROOF_SECRET: secret }, input });
    expect([code, stdout]).toEqual([0, expect.stringContaining('Note: No time is signed')]);
  });
});

describe('options in addition to a capture', () => {
  it('put a header in the place of all of its name', async () => {
    const { sent, env } = await captured(newSecret());
    const signature = String(sent.headers['x-grantex-signature-v2']);
    const hidden = { ...sent.headers, 'x-grantex-signature-v2': 'redacted', 'x-grantex-timestamp': '[hidden]' };
    const file = fileOf(raw({ ...sent, headers: hidden }));
    const argv = ['verify', 'grantex', file, '--at', 'signed'];
    expect(await hookproof(argv, { env })).toMatchObject({ code: 2, stderr: expect.stringContaining('--header') });
    argv.push('--header', `X-Grantex-Timestamp: ${String(sent.headers['x-grantex-timestamp'])}`);
    expect((await hookproof([...argv, '--header', `X-Grantex-Signature-V2: ${signature}`], { env })).code).toBe(0);
  });

  it('give the body that the capture cuts off', async () => {
    const { sent, env } = await captured(newSecret());
    const headers = { ...sent.headers, 'content-length': String(sent.body.length) };
    const file = fileOf(raw({ headers, body: sent.body.subarray(0, 50) }));
    const argv = ['verify', 'grantex', file, '--at', 'signed'];
    const cut = await hookproof(argv, { env });
    expect([cut.code, cut.stdout]).toEqual([1, expect.stringContaining('body_incomplete')]);
    expect(cut.stdout).toContain('Note: Content-Length says 169 bytes, and the capture has 50');
    expect(await hookproof([...argv, '--body', Buffer.from(sent.body).toString()], { env })).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining('Note:'),
    });
  });

  it('as many bytes are judged as a server reads', async () => {
    const { sent, env } = await captured(newSecret());
    const { length } = sent.body;
    const verify = (body: Uint8Array, counted: number) => {
      const file = fileOf(raw({ headers: { ...sent.headers, 'content-length': String(counted) }, body }));
      return hookproof(['verify', 'grantex', file, '--at', 'signed'], { env });
    };
    const more = Buffer.concat([sent.body, Buffer.from('GET / HTTP/1.1')]);
    expect(await verify(more, length)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('A server reads no more'),
    });
    const fewer = await verify(sent.body, 10);
    expect([fewer.code, fewer.stdout]).toEqual([1, expect.stringContaining('the length is wrong')]);
    expect(await verify(more, length + 3)).toMatchObject({ code: 1 });
  });

  it('choose among several requests', async () => {
    const secret = newSecret();
    const { headers, body } = await fromOldGrantex(secret);
    const named = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
    const one = {
      raw: Buffer.alloc(0),
      method: 'POST',
      url: 'https://a/one?token=1',
      headers: named,
      body: Buffer.from(body),
    };
    const entriesOf = (...all: readonly (typeof one)[]) => all.flatMap((each) => JSON.parse(harOf(each)).log.entries);
    const har = (...all: readonly (typeof one)[]) => fileOf(JSON.stringify({ log: { entries: entriesOf(...all) } }));
    const env = { HOOKPROOF_SECRET: secret };
    const unsigned = { ...one, url: 'https://a/two', headers: [] };

    const onlyPost = har({ ...one, method: 'GET' }, one);
    expect((await hookproof(['verify', 'grantex', onlyPost], { env })).code).toBe(0);
    const onlySigned = har(unsigned, unsigned, one);
    expect((await hookproof(['verify', 'grantex', onlySigned], { env })).code).toBe(0);
    const unclear = har(one, unsigned, one);
    expect(await hookproof(['verify', 'grantex', unclear], { env })).toMatchObject({
      code: 2,
      stderr:
        'Error: The capture has 3 requests: say which with --entry <n>.\n' +
        '  1  POST https://a/one\n  2  POST https://a/two\n  3  POST https://a/one\n',
    });
    expect((await hookproof(['verify', 'grantex', unclear, '--entry', '3'], { env })).code).toBe(0);
    expect((await hookproof(['verify', 'grantex', unclear, '--entry', '2'], { env })).code).toBe(1);
    expect((await hookproof(['verify', 'grantex', unclear, '--entry', '4'], { env })).code).toBe(2);
  });
});

describe('what cannot be done', () => {
  const env = { HOOKPROOF_SECRET: 'a' };

  it.each([
    ['no secret', ['grantex'], {}, 'HOOKPROOF_SECRET'],
    ['a file that is not there', ['grantex', '/no/such/file'], env, '/no/such/file could not be read (ENOENT)'],
    ['an empty input', ['grantex'], env, 'the input is empty'],
    ['no provider of that name', ['grant'], env, 'There is no provider "grant"'],
    ['headers without a body', ['grantex', '--header', 'a: b'], env, 'There is no body'],
    ['two bodies', ['grantex', '--body', '{}', '--body-file', 'x'], env, '--body and --body-file'],
    ['standard input twice', ['grantex', '--secret-file', '-'], env, 'Standard input can only be one'],
    ['a time without a zone', ['grantex', '--at', '2026-11-21T09:00:00'], env, '2026-11-21T09:00:00Z'],
    ['milliseconds', ['grantex', '--at', '1795216193000'], env, 'seconds since 1970'],
    ['no tolerance', ['grantex', '--tolerance', '0'], env, 'above 0'],
    ['another format', ['grantex', '--format', 'pcap'], env, 'har, http, curl'],
    ['a signature of another provider', ['gravv', '--signature', 'v1'], env, '--signature is for grantex'],
    ['a secret that the provider cannot have', ['standard-webhooks', '--body', ''], env, 'Error: secret '],
  ])('%s ends with 2, and says what to do', async (_what, argv, env, said) => {
    const { code, stdout, stderr } = await hookproof(['verify', ...argv], { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });

  it('a header without a name ends with 2, and is not shown', async () => {
    const { code, stderr } = await hookproof(['verify', 'grantex', '--header', 'x-sig sha256=abcdef'], { env });
    expect([code, stderr]).toEqual([2, expect.not.stringContaining('abcdef')]);
  });

  it('the secret as an option works, with a warning', async () => {
    const { file } = await captured('a secret', Date.now());
    const { code, stderr } = await hookproof(['verify', 'grantex', file, '--secret', 'a secret']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('Warning: --secret')]);
    expect(stderr).not.toContain('a secret');
  });
});

describe('at a terminal', () => {
  it('says what to paste', async () => {
    const { sent, env } = await captured(newSecret(), Date.now());
    const { code, stderr } = await hookproof(['verify', 'grantex'], { env, input: raw(sent), isTerminal: true });
    expect(code).toBe(0);
    expect(stderr).toContain('Ctrl-D');
  });

  it('ends with 130 at Ctrl-C, without an error', async () => {
    const stopping = new AbortController();
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const env = { HOOKPROOF_SECRET: 'a' };
    // Somebody has begun to read.
    stdin.on('newListener', (event) => event === 'readable' && setImmediate(() => stopping.abort('SIGINT')));
    stdin.write('POST / HTTP/1.1\n');
    const code = await run(['verify', 'grantex'], { stdin, stdout, stderr, env, signal: stopping.signal });
    expect([code, stdout.read(), stderr.read()]).toEqual([130, null, null]);
  });
});

describe('as a process', () => {
  // As long as a real one: development tells of shorter ones.
  const secret = 'a secret of some length';
  const verify = (file: string) => ['verify', 'grantex', file, '--at', 'signed', '--json'];

  it('prints nothing else of a genuine delivery, in development too', async () => {
    const { file, env } = await captured(secret);
    const { code, stderr } = await hookproofProcess(verify(file), { ...env, NODE_ENV: 'development' });
    expect([code, stderr]).toEqual([0, '']);
  });

  it('prints what was found of a refused one and nothing else, in development too', async () => {
    const { file } = await captured(secret);
    const env = { HOOKPROOF_SECRET: `${secret}\n`, NODE_ENV: 'development' };
    const { code, stderr, stdout } = await hookproofProcess(verify(file), env);
    expect([code, stderr]).toEqual([1, '']);
    expect(objectIn(stdout)).toMatchObject({ diagnosis: { cause: 'secret_newline' } });
  });

  it('prints nothing of what it cannot read', async () => {
    const { env } = await captured(secret);
    const { code, stdout } = await hookproofProcess(['verify', 'grantex'], env);
    expect([code, stdout]).toEqual([2, '']);
  });
});

it('help has examples, the secret and the exit codes', async () => {
  const { code, stdout } = await hookproof(['verify', '--help']);
  expect(code).toBe(0);
  for (const said of [
    'HOOKPROOF_SECRET',
    '--at signed',
    'Exit codes: 0 genuine',
    '$ hookproof verify gravv requests.har',
  ]) {
    expect(stdout).toContain(said);
  }
});

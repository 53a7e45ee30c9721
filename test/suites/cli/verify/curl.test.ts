import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { grantex } from '@hookproof/core';
import { describe, expect, it } from 'vitest';
import { events, fromGrantex, newSecret } from '../../diagnosis/senders.ts';
import { hookproof } from '../hookproof.ts';
import { fileOf } from './captures.ts';
import { recorder } from './record.ts';

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const curl = promisify(execFile);

/** Lets curl send a delivery of Grantex, and resolves with what it printed. */
async function sendByCurl(body: string | object, options: readonly string[]) {
  const secret = newSecret();
  const { headers, body: bytes } = await fromGrantex(secret, body);
  const { url } = await recorder();
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${String(value)}`]);
  const bodyFile = fileOf(bytes);
  const argv = ['-s', ...options, ...given, '--data-binary', `@${bodyFile}`, `${url}/webhooks/grantex`];
  const { stdout, stderr } = await curl('curl', argv);
  return { printed: stdout + stderr, bodyFile, env: { HOOKPROOF_SECRET: secret } };
}

const plain = { ...events.grantex, data: { grantId: 'grnt_1', cascade: true } };
const isGenuine = { code: 0, stderr: '', stdout: expect.stringMatching(/^Genuine: grantex/) };

describe.skipIf(!hasCurl)('what curl itself prints', () => {
  it.each([
    ['--trace', events.grantex, ['--trace', '-']],
    ['--trace with times', events.grantex, ['--trace', '-', '--trace-time']],
    ['--trace of a body in chunks', events.grantex, ['--trace', '-', '-H', 'transfer-encoding: chunked']],
    ['--trace of a long body', { ...plain, more: 'x'.repeat(100_000) }, ['--trace', '-']],
    ['--trace-ascii', plain, ['--trace-ascii', '-']],
    [
      '--trace-ascii of a body with CRLF',
      JSON.stringify(plain, undefined, 1).replaceAll('\n', '\r\n'),
      ['--trace-ascii', '-'],
    ],
  ])('%s is enough', async (_what, body, options) => {
    const { printed, env } = await sendByCurl(body, options);
    expect(await hookproof(['verify', 'grantex'], { env, input: printed })).toMatchObject(isGenuine);
  });

  it('--trace-ascii loses what is not ASCII, and verify says so', async () => {
    const { printed, env } = await sendByCurl(events.grantex, ['--trace-ascii', '-']);
    const { code, stdout } = await hookproof(['verify', 'grantex', '-'], { env, input: printed });
    expect(code).toBe(1);
    expect(stdout).toContain('Note: --trace-ascii shows line feeds, tabs and all that is not ASCII as dots');
  });

  it('-v has no body: verify asks for it, and takes it', async () => {
    const { printed, bodyFile, env } = await sendByCurl(events.grantex, ['-v']);
    const file = fileOf(printed);
    const without = await hookproof(['verify', 'grantex', file], { env });
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--body-file') });
    expect(await hookproof(['verify', 'grantex', file, '--body-file', bodyFile], { env })).toMatchObject(isGenuine);
  });
});

it('a copied curl command is read, and not run', async () => {
  const secret = newSecret();
  const { headers, body } = await fromGrantex(secret, undefined, grantex());
  const given = Object.entries(headers).map(([name, value]) => `-H '${name}: ${String(value)}'`);
  const { url, recorded } = await recorder();
  const command = [`curl '${url}/hook'`, ...given, `--data-raw $'${Buffer.from(body)}'`, '--compressed'].join(
    ' \\\n  ',
  );
  const ended = await hookproof(['verify', 'grantex'], { env: { HOOKPROOF_SECRET: secret }, input: command });
  expect(ended).toMatchObject(isGenuine);
  expect(await Promise.race([recorded, 'nothing came'])).toBe('nothing came');
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hookproof } from './hookproof.ts';
import { commandOf, inTerminal, lacksTerminals } from './in-terminal.ts';
import { fileOf } from './verify/captures.ts';

vi.setConfig({ testTimeout: 60_000 });

const commands = [
  [],
  ['send'],
  ['verify'],
  ['endpoints'],
  ...['list', 'create', 'ensure', 'delete', 'deliveries'].map((action) => ['endpoints', 'grantex', action]),
  ['inbox'],
  ...['counts', 'list', 'show', 'replay', 'discard', 'prune', 'backup', 'restore'].map((action) => ['inbox', action]),
  ['completion'],
];

/** Lines that a terminal of so many columns would break inside a word. */
function broken(text: string, columns: number): readonly string[] {
  const lines = stripVTControlCharacters(text).split('\n');
  // A line that is one word has nowhere to be broken.
  return lines.filter((line) => line.length > columns && line.trim().includes(' '));
}

/** An app that takes what it is sent, after so many milliseconds, or refuses it. */
async function app(status: number, afterMs = 0): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => setTimeout(() => response.writeHead(status).end('{"code":"why"}'), afterMs));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/gravv`;
}

describe.each([80, 140])('a terminal of %i columns', (columns) => {
  it.each(commands.map((words) => [words.join(' ')]))('breaks no word of hookproof %s --help', async (words) => {
    const argv = [...words.split(' ').filter((word) => word !== ''), '--help'];
    const { code, stdout } = await hookproof(argv, { isTerminal: true, columns });
    expect([code, broken(stdout, columns)]).toEqual([0, []]);
    const plain = await hookproof(argv);
    const letters = (text: string) => stripVTControlCharacters(text).replace(/\s/g, '');
    expect(letters(stdout)).toBe(letters(plain.stdout));
  });

  it.skipIf(lacksTerminals)('breaks no word of results, hints and errors', async () => {
    const env = { HOOKPROOF_SECRET: 'a secret for tests', HOOKPROOF_URL: await app(500) };
    const capture = fileOf('POST /hook HTTP/1.1\nX-Gravv-Signature: abc\n\n{}');
    for (const argv of [
      ['send', 'gravv', '--count', '3'],
      ['verify', 'gravv', capture],
      ['verify', 'gravv', '/no/such/file/of/a/long/name'],
      ['send', 'gravv', '--tamper', 'timestamp'],
    ]) {
      const { shown } = await inTerminal(commandOf(argv), columns, env).ended;
      expect([argv, broken(shown, columns), shown.length > 40]).toEqual([argv, [], true]);
    }
  });

  it.skipIf(lacksTerminals)('shows after Ctrl-C what is being done, also beside a bar', async () => {
    const env = { HOOKPROOF_SECRET: 'a secret for tests', HOOKPROOF_URL: await app(200, 500) };
    const argv = ['send', 'gravv', '--count', '500', '--concurrency', '2', '--rate', '10'];
    const terminal = inTerminal(commandOf(argv), columns, env);
    await terminal.shows('500 deliveries');
    terminal.press('\x03');
    const { code, shown } = await terminal.ended;
    expect(code).toBe(130);
    // The bar has given back its line, and the wrapping of lines that it had turned off.
    const [before = '', after] = shown.split('Ending what is on the wire. Ctrl-C again ends at once.\n');
    expect(after).not.toContain('to go');
    expect(before.lastIndexOf('\u001b[?7h')).toBeGreaterThan(before.lastIndexOf('\u001b[?7l'));
    expect(before.trimEnd().length).toBeLessThan(before.length);
  });
});

describe.skipIf(lacksTerminals)('completion in bash without the package bash-completion', () => {
  it('completes, and prints no error', async () => {
    const rc = fileOf(`PS1='ready> '
hookproof() { ${commandOf([])} "$@"; }
source <(hookproof completion bash)
`);
    const terminal = inTerminal(`exec bash --noprofile --rcfile '${rc}' -i`, 80);
    await terminal.shows('ready>');
    terminal.press('hookproof inb\t');
    await terminal.shows('inbox');
    terminal.press('\x15exit\r');
    expect((await terminal.ended).shown).not.toMatch(/not found|No such|error/i);
  });
});

it('what is not there ends with 1 and is told on standard error, whatever its id looks like', async () => {
  const path = `${fileOf('')}.db`;
  const { sqliteInbox } = await import('@hookproof/inbox/sqlite');
  const inbox = sqliteInbox({ path, work: false });
  await inbox.counts();
  const options = new Map([
    ['discard', ['--yes']],
    ['resend', ['--to', 'http://localhost:1']],
  ]);
  for (const command of ['show', 'replay', 'discard', 'resend']) {
    for (const id of ['1', '99999999999999999999999', 'evt_1', `grantex:${'0'.repeat(64)}`]) {
      const argv = ['inbox', command, path, id, ...(options.get(command) ?? [])];
      const { code, stdout, stderr } = await hookproof(argv, { env: { HOOKPROOF_SECRET: 'a secret for tests' } });
      expect([argv, code, stdout, stderr]).toEqual([argv, 1, '', expect.stringContaining(`no delivery ${id}.`)]);
    }
  }
  await inbox.close();
});

it('with --json, nothing found is nothing printed', async () => {
  const path = `${fileOf('')}.db`;
  const { sqliteInbox } = await import('@hookproof/inbox/sqlite');
  const inbox = sqliteInbox({ path, work: false });
  await inbox.counts();
  await inbox.close();
  const lines = async (...argv: string[]) => {
    const { code, stderr, records } = await hookproof(['inbox', ...argv, '--json']);
    return [code, stderr, records()];
  };
  expect(await lines('list', path)).toEqual([0, '', []]);
  expect(await lines('replay', path, '--all')).toEqual([0, '', [{ replayed: 0 }]]);
  expect(await lines('discard', path, '--all', '--dry-run')).toEqual([0, '', []]);
  expect(await lines('counts', path)).toMatchObject([0, '', [{ waiting: 0 }]]);
});

import { gravv } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { describe, expect, it, vi } from 'vitest';
import { hookproofProcess } from '../hookproof.ts';
import { commandOf, inTerminal, lacksTerminals } from '../in-terminal.ts';
import { fileOf } from './captures.ts';

vi.setConfig({ testTimeout: 30_000 });

const secret = 'a secret for tests';
const env = { HOOKPROOF_SECRET: secret };

/** A genuine request whose body is a line of so many bytes, as a terminal gets it when it is pasted. */
async function requestOf(bytes: number): Promise<string> {
  const body = JSON.stringify({ event_type: 'a', event_id: 'evt_1', event_data: { memo: '' } });
  const long = body.replace('""', `"é${'x'.repeat(bytes - body.length - 2)}"`);
  const { headers, text } = await signedDelivery(gravv(), { body: long }, { secret });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  return `POST /hook HTTP/1.1\n${lines.join('')}\n${text}`;
}

describe.skipIf(lacksTerminals)('a request that is pasted', () => {
  it.each([
    [4_000, 80],
    [4_095, 80],
    [4_096, 140],
    [20_000, 80],
    [300_000, 140],
  ])('with a line of %i bytes is whole, at %i columns', async (bytes, columns) => {
    const terminal = inTerminal(commandOf(['verify', 'gravv']), columns, env);
    await terminal.shows('Ctrl-D');
    terminal.press((await requestOf(bytes)).replaceAll('\n', '\r'));
    terminal.press('\x04');
    const { code, shown } = await terminal.ended;
    expect([code, shown]).toEqual([0, expect.stringContaining('Genuine: gravv signed this request')]);
    expect(shown).not.toContain('xxxx');
  });

  it('may be typed, with mistakes taken back', async () => {
    const terminal = inTerminal(commandOf(['verify', 'gravv', '--body-file', '-', '--header', 'a: b']), 80, env);
    await terminal.shows('Ctrl-D');
    terminal.press('{}é\x7f\x7f}\x04');
    expect((await terminal.ended).shown).toContain('signature_absent');
  });

  it('is given up with Ctrl-C, and the terminal is as it was', async () => {
    const command = `${commandOf(['verify', 'gravv'])}; echo "ended with $?"; stty -a`;
    const terminal = inTerminal(command, 80, env);
    await terminal.shows('Ctrl-D');
    terminal.press('POST / HTTP/1.1\r');
    await terminal.shows('16 bytes');
    terminal.press('\x03');
    const { shown } = await terminal.ended;
    expect(shown).toContain('ended with 130\n');
    expect(shown).toMatch(/ icanon.* echo /s);
  });

  it('by way of cat, which the terminal cuts, is not blamed on the secret', async () => {
    const path = fileOf('');
    const terminal = inTerminal(`echo ready; cat > '${path}'`, 80);
    await terminal.shows('ready');
    terminal.press(`${(await requestOf(6_000)).replaceAll('\n', '\r')}\r\x04`);
    await terminal.ended;
    const { code, stdout } = await hookproofProcess(['verify', 'gravv', path], env);
    expect([code, stdout]).toEqual([1, expect.stringContaining('because of body_incomplete')]);
    expect(stdout).toMatch(/Note: The last line has 4095 bytes, which is where a terminal cuts/);
  });
});

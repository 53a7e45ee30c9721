import { execFileSync, spawnSync } from 'node:child_process';
import { grantex } from '@hookproof/core';
import { sampleTypes } from '@hookproof/testing';
import { describe, expect, it, vi } from 'vitest';
import { readManifest, root } from '../../rules/workspace.ts';
import { hookproof, hookproofProcess, program } from './hookproof.ts';

// A process of TypeScript takes a second to start where others run beside it.
vi.setConfig({ testTimeout: 30_000 });

describe('hookproof', () => {
  it('without a command prints the help, and ends with 2', async () => {
    const { code, stderr } = await hookproof([]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Usage: hookproof')]);
  });

  it('--version is that of the package', async () => {
    const { version } = readManifest(`${root}/packages/cli`);
    expect(await hookproofProcess(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('a misspelt command or option is told with the right one', async () => {
    expect(await hookproof(['sned'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean send') });
    const { code, stderr } = await hookproof(['send', 'grantex', '--sekret', 'x']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--sekret(.|\n)*hookproof send --help/)]);
  });

  it('a mistake leads to the help of the command it was made in', async () => {
    const { code, stderr } = await hookproof(['endpoints', 'grantiva', 'create', '--url', 'https://example.com']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('hookproof endpoints grantiva create --help')]);
  });

  it('with --json an error is JSON too', async () => {
    const { code, stdout, stderr } = await hookproof(['send', 'nobody', '--json']);
    expect([code, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'usage', message: expect.stringContaining('nobody'), fix: expect.stringContaining('grantex') },
    });
  });

  it('what stands where an option or a command should be is not repeated: it may be a secret', async () => {
    const wrong = [
      ['send', 'grantex', '--sekret=gx_SECRET'],
      ['endpoints', 'grantex', 'list', '--apikey=gx_SECRET'],
      ['endpoints', 'grantex', 'gx_SECRET'],
      ['inbox', 'postgres://app:gx_SECRET@localhost/app', 'list'],
    ];
    for (const argv of wrong) {
      const { code, stderr } = await hookproof(argv);
      expect([argv, code, stderr.includes('gx_SECRET')]).toEqual([argv, 2, false]);
    }
  });

  it('text from outside acts on no terminal, in JSON and in notes too', async () => {
    const name = './gr\u009b31m\u202e\u001b[2J.js';
    for (const argv of [
      ['send', name],
      ['send', name, '--json'],
    ]) {
      expect((await hookproof(argv)).stderr).not.toMatch(/[^\P{C}\n]/u);
    }
  });

  it('FORCE_COLOR turns colours on where there is no terminal', async () => {
    expect((await hookproof(['send', 'nobody'], { env: { FORCE_COLOR: '1' } })).stderr).toContain('\u001b[31m');
  });

  it('a reader who leaves does not change the exit code, and a result that cannot be written is 3', async () => {
    const capture = 'POST / HTTP/1.1\nX-Gravv-Signature: 00\n\n{}';
    const sh = (redirection: string) => {
      const command = `"${process.execPath}" ${program.map((word) => `"${word}"`).join(' ')} verify gravv - ${redirection}`;
      const options = { input: capture, env: { ...process.env, HOOKPROOF_SECRET: 'a secret for tests' } };
      const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], options);
      return [status, stderr.toString()];
    };
    expect(sh('| true')).toEqual([1, '']);
    expect(sh('> /dev/full')).toEqual([3, expect.stringMatching(/^Error: the result could not be written.*\n$/)]);
  });

  it('colours are for terminals alone, and NO_COLOR turns them off', async () => {
    const fail = (env: Record<string, string>, isTerminal: boolean) =>
      hookproof(['send', 'nobody'], { env, isTerminal });
    expect((await fail({}, true)).stderr).toContain('\u001b[31m');
    expect((await fail({ NO_COLOR: '1' }, true)).stderr).not.toContain('\u001b');
    expect((await fail({}, false)).stderr).not.toContain('\u001b');
  });
});

describe('completion', () => {
  const complete = async (...words: string[]) => {
    const { stdout } = await hookproofProcess(['complete', '--', ...words]);
    return stdout
      .split('\n')
      .flatMap((line) => (line === '' || line.startsWith(':') ? [] : [line.split('\t')[0] ?? '']));
  };

  it('knows commands, options, and the values of which there is a list', async () => {
    const found = Promise.all([
      complete(''),
      complete('send', 'gr'),
      complete('send', 'grantex', ''),
      complete('send', 'grantex', '--ret'),
      complete('send', 'grantex', '--retries', ''),
      complete('endpoints', 'grantex', 'de'),
      complete('inbox', 'counts', 'pnpm-w'),
      complete('verify', 'grantex', '--body-file', './pnpm-w'),
      complete('verify', './pac'),
    ]);
    expect(await found).toEqual([
      ['send', 'verify', 'endpoints', 'reconcile', 'inbox', 'completion'],
      ['grantiva', 'grantex', 'gravv'],
      sampleTypes(grantex()),
      ['--retries'],
      ['real', 'fast', 'none'],
      ['delete', 'deliveries'],
      ['pnpm-workspace.yaml'],
      ['./pnpm-workspace.yaml'],
      ['./package.json', './packages/'],
    ]);
  });

  it('prints a script that the shell takes', async () => {
    const { code, stdout } = await hookproofProcess(['completion', 'bash']);
    expect(code).toBe(0);
    execFileSync('bash', ['-n'], { input: stdout });
    expect(stdout).toContain('hookproof complete --');
    expect(await hookproof(['completion', 'tcsh'])).toMatchObject({ code: 2 });
  });
});

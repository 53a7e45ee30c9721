import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCode } from '../../../packages/cli/src/exit-code.ts';
import { createProgram } from '../../../packages/cli/src/program.ts';
import { createShell } from '../../../packages/cli/src/shell.ts';
import { root } from '../workspace.ts';

const page = readFileSync(join(root, 'docs', 'cli.md'), 'utf8');
const { stdin, stdout, stderr } = process;
const terminal = { stdin, stdout, stderr, env: {}, signal: new AbortController().signal };

type Command = ReturnType<typeof createProgram>['commands'][number];

/** A command, and all below it that help shows. */
function withAllBelow(command: Command): readonly Command[] {
  const below = command.createHelp().visibleCommands(command);
  return [command, ...below.filter((one) => one.name() !== 'help').flatMap(withAllBelow)];
}

const commands = withAllBelow(createProgram(createShell(terminal, () => {})));
const options = new Set(commands.flatMap((command) => command.options.flatMap(({ long }) => long ?? [])));
const section = (name: string) => page.split(/^## /m).find((part) => part.startsWith(`hookproof ${name}\n`)) ?? '';

describe('docs/cli.md', () => {
  it('has a section for every command, and every action in it', () => {
    const [program, ...all] = commands;
    expect(all.length).toBeGreaterThan(20);
    for (const command of program?.commands ?? []) {
      if (['help', 'complete'].includes(command.name())) continue;
      expect(section(command.name()), `section of ${command.name()}`).not.toBe('');
      for (const action of command.commands) expect(section(command.name())).toContain(action.name());
    }
  });

  it('names every option of every command in its section', () => {
    const everywhere = ['--json', '--help', '--version'];
    for (const command of commands) {
      const names = [command.name()];
      for (let above = command.parent; above !== null; above = above.parent) names.unshift(above.name());
      const [, top = ''] = names;
      const unnamed = command.options
        .map(({ long }) => long ?? '')
        .filter((long) => !everywhere.includes(long) && !new RegExp(`${long}(?![\\w-])`).test(section(top)));
      expect([names.join(' '), unnamed]).toEqual([names.join(' '), []]);
    }
  });

  it('names no option that is not there', () => {
    const named = [...page.matchAll(/(?<![\w-])--[a-z][\w-]*/g)].map(([name]) => name);
    const foreign = [
      '--help',
      '--version',
      '--save-dev',
      '--global',
      '--import',
      '--trace',
      '--trace-ascii',
      '--data-raw',
      '--data-binary',
    ];
    expect([...new Set(named)].filter((name) => !options.has(name) && !foreign.includes(name))).toEqual([]);
  });

  it('lists every exit code', () => {
    const table = page.slice(page.indexOf('### Exit codes'), page.indexOf('### Environment'));
    for (const code of Object.values(exitCode)) expect(table).toMatch(new RegExp(`\\b${code}\\b`));
  });
});

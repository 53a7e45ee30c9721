import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { program } from './hookproof.ts';

/** `script` of util-linux, which Debian always has, makes the terminals; its namesakes elsewhere take other options. */
const hasTerminals = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') === true;

/** Whether tests that need a terminal are left out; where all of them are asked for, they fail instead. */
export const lacksTerminals = !hasTerminals && process.env['HOOKPROOF_REQUIRE_SERVERS'] === undefined;

/** A program that runs in a real terminal. */
export interface InTerminal {
  /** Presses keys, or pastes. */
  readonly press: (keys: string | Uint8Array) => void;
  /** Resolves when the terminal shows a text. */
  readonly shows: (text: string) => Promise<void>;
  /** Resolves when the program has ended, with all that was shown; lines end with LF here. */
  readonly ended: Promise<{ readonly code: number | null; readonly shown: string }>;
}

/** Runs a command of a shell in a terminal of so many columns. */
export function inTerminal(command: string, columns: number, env: Readonly<Record<string, string>> = {}): InTerminal {
  const set = `stty cols ${columns} rows 24; ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', set, '/dev/null'], {
    env: { ...process.env, SHELL: '/bin/sh', TERM: 'xterm', NO_COLOR: '1', ...env },
  });
  onTestFinished(() => void child.kill());
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  return {
    press: (keys) => void child.stdin.write(keys),
    async shows(text) {
      while (!shown.includes(text)) {
        if (child.stdout.readableEnded) throw new Error(`The terminal never showed ${text}, but:\n${shown}`);
        await Promise.race([once(child.stdout, 'data'), once(child.stdout, 'end')]);
      }
    },
    ended: once(child, 'close').then(([code]) => ({ code, shown: shown.replaceAll('\r\n', '\n') })),
  };
}

/** `hookproof` with its arguments, as a command of a shell. */
export function commandOf(argv: readonly string[]): string {
  return [process.execPath, ...program, ...argv].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

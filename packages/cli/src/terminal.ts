import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { printable as printableUpTo } from '@hookproof/core/strict';
import picocolors from 'picocolors';
import { type Width, wrapped } from './wrap.ts';

/** A stream that may be a terminal. */
export type Output = Writable & Width;

/** What a command sees of the outside: streams, environment, and the wish to stop. */
export interface Terminal {
  readonly stdin: Readable & {
    readonly isTTY?: boolean | undefined;
    /** Has a terminal hand on each key; what is pasted is read so, because by lines it would be cut. */
    readonly setRawMode?: (isRaw: boolean) => unknown;
  };
  /** Results alone, so that they can be piped. */
  readonly stdout: Output;
  /** Progress, warnings and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Aborts, with its name as the reason, at SIGINT (Ctrl-C) or SIGTERM, and with `EPIPE` when nobody reads the result any
   * more: a command then brings to an end what has begun.
   */
  readonly signal: AbortSignal;
}

export type Colours = ReturnType<typeof picocolors.createColors>;

/** What a command says, and how: for a reader, or with `--json` a JSON object per line for a program. */
export class Report {
  readonly json: boolean;
  readonly terminal: Terminal;
  /** For stdout; without colours where that is no terminal. */
  readonly colours: Colours;

  constructor(terminal: Terminal, json: boolean) {
    this.terminal = terminal;
    this.json = json;
    this.colours = coloursFor(terminal, terminal.stdout);
  }

  /** A line of the result for a reader, in as many as its terminal needs; nothing with `--json`. */
  async say(line = ''): Promise<void> {
    await this.show(wrapped(line, this.terminal.stdout));
  }

  /** The same for a line that is there to be copied: it stays one. */
  async show(line: string): Promise<void> {
    if (!this.json) await write(this.terminal.stdout, line);
  }

  /** A part of the result for a program; nothing without `--json`. */
  async record(value: unknown): Promise<void> {
    if (this.json) await write(this.terminal.stdout, escaped(JSON.stringify(value)));
  }

  /** A line beside the result: a warning, or what is being done; with `--json` an object too. It is made printable here. */
  async note(line: string): Promise<void> {
    const { stderr } = this.terminal;
    await write(stderr, this.json ? escaped(JSON.stringify({ note: line })) : wrapped(printable(line), stderr));
  }
}

/** Colours where a person reads, unless NO_COLOR or FORCE_COLOR say otherwise. */
export function coloursFor({ env }: Terminal, output: Output): Colours {
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const isTerminal = output.isTTY === true && env['TERM'] !== 'dumb';
  return picocolors.createColors((env['NO_COLOR'] ?? '') === '' && (forced || isTerminal));
}

async function write(output: Output, line: string): Promise<void> {
  // Whoever reads may be slower, or gone.
  if (output.destroyed || output.writableEnded || output.write(`${line}\n`)) return;
  const waited = new AbortController();
  try {
    const { signal } = waited;
    await Promise.race([once(output, 'drain', { signal }), once(output, 'close', { signal })]);
  } catch {
    // Whoever holds the stream learns of it too, and decides.
  } finally {
    // Or the listener for what did not come would stay, one for every wait.
    waited.abort();
  }
}

/** JSON that means the same, without the characters that could act on a terminal. */
export function escaped(json: string): string {
  return json.replace(notPrintable, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}

const notPrintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from outside, made fit for a terminal: what it would obey is shown as escapes. All of it, however long. */
export function printable(text: string): string {
  return printableUpTo(text, Number.POSITIVE_INFINITY);
}

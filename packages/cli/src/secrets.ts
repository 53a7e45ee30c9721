import { usage } from './failure.ts';
import { readInput } from './input.ts';
import type { Report } from './terminal.ts';

/** Where a secret may come from. */
export interface SecretSource {
  /** What it is, such as `secret` or `token`: `--<name>` and `--<name>-file` are its options. */
  readonly name: string;
  /** Its environment variables, in the order to look. */
  readonly env: readonly string[];
  /** The value of `--<name>`. */
  readonly given: string | undefined;
  /** The value of `--<name>-file`; `-` is standard input. */
  readonly file: string | undefined;
}

/** Reads a secret from its file, its option or its environment variable; undefined where none of them is there. */
export async function findSecret(source: SecretSource, report: Report): Promise<string | undefined> {
  const { name, env, given, file } = source;
  if (given !== undefined && file !== undefined)
    throw usage(`--${name} and --${name}-file were both given.`, 'Give one.');
  if (file !== undefined) {
    const bytes = await readInput(file, `The ${name}`, report);
    return withoutLineBreak(new TextDecoder().decode(bytes));
  }
  if (given !== undefined) {
    await report.note(
      `Warning: --${name} is in your shell's history and in the list of processes. ` +
        `Use ${env[0]} or --${name}-file.`,
    );
    return given;
  }
  return env.map((variable) => report.terminal.env[variable]).find((value) => value !== undefined && value !== '');
}

/** The same where it cannot be done without. */
export async function readSecret(source: SecretSource, report: Report): Promise<string> {
  const secret = await findSecret(source, report);
  if (secret !== undefined) return secret;
  throw usage(`There is no ${source.name}.`, `Set ${source.env.join(' or ')}, or give --${source.name}-file <path>.`);
}

/** Editors and `echo` end a file with a line break that is no part of the secret. */
function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}

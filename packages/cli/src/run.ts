import { type Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { type ExitCode, exitCode } from './exit-code.ts';
import { type Failure, type FailureDetails, failureOf, usage } from './failure.ts';
import { createProgram } from './program.ts';
import { createShell, interruption } from './shell.ts';
import { coloursFor, escaped, printable, type Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';

/**
 * Runs one command line. It never throws and never ends the process.
 *
 * @param argv the arguments, without the program's name
 * @param terminal streams, environment, and a signal that asks it to stop
 * @returns the exit code
 *
 * @example
 * ```ts
 * import { run } from '@hookproof/cli';
 *
 * const { stdin, stdout, stderr, env } = process;
 * const { signal } = new AbortController();
 * process.exitCode = await run(['send', 'grantex', '--help'], { stdin, stdout, stderr, env, signal });
 * ```
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = exitCode.ok;
  const shell = createShell(terminal, (ended) => {
    code = ended;
  });
  const program = createProgram(shell);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCode.ok;
    const failure = thrown instanceof CommanderError ? mistake(thrown, program, argv) : failureOf(thrown);
    tell(failure, terminal, argv.includes('--json'));
    return interruption(terminal) ?? failure.exitCode;
  }
}

/** What commander says of a wrong command line. */
function mistake({ code, message }: CommanderError, program: Command, argv: readonly string[]): Failure {
  // Commander has printed the help instead.
  if (code === 'commander.help') return usage('A command is missing; see above.');
  const help = ['hookproof', ...commandOf(program, argv), '--help'].join(' ');
  return usage(withoutValues(message.replace(/^error: /, '')), `Try: ${help}`);
}

/** What was given may be a secret beside a misspelt option, or a URL with a password in a command's place. */
function withoutValues(message: string): string {
  return message.replace(/('--[\w-]+)=.*'/s, "$1'").replace(/(unknown command) '(?![a-z-]{1,20}').*/s, '$1.');
}

/** The words of a command line that name the command. */
function commandOf(program: CommandUnknownOpts, [word, ...words]: readonly string[]): readonly string[] {
  const command = program.commands.find((one) => one.name() === word);
  return word === undefined || command === undefined ? [] : [word, ...commandOf(command, words)];
}

function tell({ code, message, fix, details }: Failure, terminal: Terminal, json: boolean): void {
  const { red } = coloursFor(terminal, terminal.stderr);
  const text = json
    ? escaped(JSON.stringify({ error: { code, message, fix, ...details } }))
    : wrapped(`${red('Error:')} ${lines(message, wordsOf(details), fix)}`, terminal.stderr);
  terminal.stderr.write(`${text}\n`);
}

/** The provider's own words, and the id that its support asks for. */
function wordsOf({ providerMessage, requestId }: FailureDetails): string | undefined {
  const words = providerMessage === undefined ? [] : [`It says: ${providerMessage}`];
  const id = requestId === undefined ? [] : [`Id of the request: ${requestId}`];
  return words.length + id.length === 0 ? undefined : [...words, ...id].join('\n');
}

/** The message of an error can hold text from outside. */
function lines(...parts: readonly (string | undefined)[]): string {
  const all = parts.flatMap((part) => part?.split('\n') ?? []);
  return all.map(printable).join('\n');
}

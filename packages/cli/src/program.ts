import { Command } from '@commander-js/extra-typings';
import { addCompletion } from './commands/completion.ts';
import { addEndpoints } from './commands/endpoints.ts';
import { addInbox } from './commands/inbox.ts';
import { addReconcile } from './commands/reconcile.ts';
import { addSend } from './commands/send.ts';
import { addVerify } from './commands/verify.ts';
import type { Shell } from './shell.ts';
import { coloursFor } from './terminal.ts';
import { version } from './version.ts';
import { wrapped } from './wrap.ts';

/** All commands of `hookproof`. */
export function createProgram(shell: Shell): Command {
  const { terminal } = shell;
  const program = new Command('hookproof')
    .description(
      'Send what a webhook provider would send, find out why a request is refused, manage endpoints, look into the inbox.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ sortOptions: false, styleTitle: (title) => coloursFor(terminal, terminal.stdout).bold(title) })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(wrapped(text, terminal.stdout)),
      writeErr: (text) => terminal.stderr.write(wrapped(text, terminal.stderr)),
      getOutHelpWidth: () => terminal.stdout.columns ?? 100,
      getErrHelpWidth: () => terminal.stderr.columns ?? 100,
      outputError: () => {}, // `run` says it
    })
    .addHelpText('after', closing);
  addSend(program, shell);
  addVerify(program, shell);
  addEndpoints(program, shell);
  addReconcile(program, shell);
  addInbox(program, shell);
  addCompletion(program);
  return program;
}

const closing = `
First steps:
  $ export HOOKPROOF_SECRET=…                          the secret of your endpoint, never on the command line
  $ hookproof send grantex --url http://localhost:3000/webhooks/grantex
  $ hookproof verify grantex captured.http             why was this request refused?
  $ hookproof inbox list webhooks.db --state dead      what could not be handled?

Exit codes: 0 done, and the answer is yes; 1 done, and the answer is no; 2 wrong command line; 3 could not be done;
130 ended by Ctrl-C. Every command has --help, and --json but for completion.`;

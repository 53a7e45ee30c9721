import { type Command, Option } from '@commander-js/extra-typings';
import { exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import { maxInputBytes } from '../input.ts';
import { positive, whole } from '../options.ts';
import { providerArgument, providerOf, signatureOption } from '../providers.ts';
import { jsonOption, type Shell } from '../shell.ts';
import { formats } from '../verify/captures/formats.ts';
import type { Header } from '../verify/captures/request.ts';
import { moment } from '../verify/moment.ts';
import { verify } from '../verify/verify.ts';

/** Adds `verify`, which finds out why a request is refused. */
export function addVerify(program: Command, shell: Shell): void {
  program
    .command('verify')
    .summary('find out whether a captured request is genuine, and if not why')
    .description(
      'Take a captured request through a receiver: is it genuine, and if not, why? The request is raw HTTP, what curl -v or ' +
        'curl --trace prints, a curl command, or a HAR; or it is described with --header and --body-file.',
    )
    .addArgument(providerArgument())
    .argument('[file]', "the captured request; '-' or nothing is standard input")
    .addOption(
      new Option('--format <format>', 'what the capture is; found out where this is left out').choices(formats),
    )
    .option('--entry <n>', 'which request of a capture with several, from 1', whole(1, 1_000_000))
    .option('--header <name: value>', 'a header, in addition to the capture or in its place; repeatable', header)
    .option('--body <text>', 'the body, in place of that of the capture')
    .option('--body-file <path>', "a file with the exact bytes of the body; '-' is standard input")
    .option('--secret-file <path>', "a file with the secret; '-' is standard input; repeatable while rotating", paths)
    .option('--secret <secret>', 'the secret, visible to others on this machine: rather HOOKPROOF_SECRET')
    .addOption(signatureOption())
    .option('--at <when>', "when it arrived: ISO 8601, seconds since 1970, or 'signed' (default: now)", moment)
    .option('--tolerance <seconds>', "how far the signed time may be away (default: the provider's, 300)", positive)
    .option('--max-body-bytes <n>', 'largest body that the receiver takes (default: 1 MiB)', whole(1, maxInputBytes))
    .option(...jsonOption)
    .addHelpText('after', more)
    .action((name, file, { signature, ...options }) =>
      shell.perform(options, async (report) => {
        try {
          return await verify(await providerOf(name, signature), file, options, report);
        } catch (thrown) {
          // Ctrl-C while a request is pasted is no error.
          if (shell.terminal.signal.aborted) return exitCode.interrupted;
          throw thrown;
        }
      }),
    );
}

function header(text: string, earlier: readonly Header[] = []): readonly Header[] {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim();
  // Said here and not by commander, which would show the value.
  if (name === '') throw usage("--header has no name: write --header 'name: value'.");
  return [...earlier, [name, text.slice(colon + 1).trim()]];
}

function paths(path: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, path];
}

const more = `
The secret comes from the environment variable HOOKPROOF_SECRET, byte for byte as your app has it, or from --secret-file
(a line break at the end of the file is left out). It is never printed, and neither are signature and body.

Examples:
  $ export HOOKPROOF_SECRET=…
  $ hookproof verify grantex captured.http                     raw HTTP: POST /… HTTP/1.1, headers, empty line, body
  $ hookproof verify grantex captured.http --at signed         an old capture: as of the moment it was signed
  $ hookproof verify gravv requests.har --entry 3              the third request of a HAR
  $ curl --trace - … | hookproof verify grantiva               what curl sent
  $ hookproof verify grantex --header 'X-Grantex-Signature: sha256=…' --body-file body.json
  $ hookproof verify grantex captured.http --secret-file new.txt --secret-file old.txt --json

Capture the bytes as they are: a body that was printed, formatted or copied by way of an editor may fit no longer.

Exit codes: 0 genuine, and a receiver takes it; 1 refused; 2 wrong command line, or nothing that can be read as a request;
3 could not be done.`;

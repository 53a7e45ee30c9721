import { type Command, Option } from '@commander-js/extra-typings';
import type { StoredDelivery } from '@hookproof/core';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import type { Shell } from '../shell.ts';
import { printable, type Report } from '../terminal.ts';
import { bodyLines, bodyRecord, isDisplayable } from './body.ts';
import { httpRequest, shownHeaders } from './headers.ts';
import { withInbox } from './open.ts';
import { storeArgument, withPlaces } from './options.ts';
import { stateIn } from './rows.ts';
import { takenForStore, wordsOf } from './store.ts';
import { noDelivery } from './trouble.ts';
import { localTime } from './when.ts';

/** Adds `inbox show`. */
export function addShow(inbox: Command, shell: Shell): void {
  withPlaces(inbox.command('show'))
    .usage('[options] [store] <id>')
    .summary('show a delivery with its headers and its body')
    .description('Show a delivery: where it stands, why it failed, its headers and its body.')
    .argument(...storeArgument)
    .argument('[id]', 'id of the delivery, as list shows it')
    .option('--headers', "show also the values of headers that hold the provider's signature, cookies or credentials")
    .addOption(
      new Option('--raw', 'write the bytes of the body, and nothing else').conflicts(['asHttp', 'headers', 'json']),
    )
    .addOption(
      new Option('--as-http', 'write it as an HTTP request, signatures included').conflicts(['headers', 'json']),
    )
    .addHelpText(
      'after',
      `
A JSON body is shown indented, which is not what was signed: --raw writes the bytes themselves. What --as-http writes is
what hookproof verify reads; it holds the signatures of necessity. Bodies may hold personal data.

Examples:
  $ hookproof inbox show webhooks.db 42
  $ hookproof inbox show webhooks.db 42 --raw > body.json
  $ hookproof inbox show webhooks.db 42 --as-http > captured.http
  $ hookproof verify grantex captured.http --at signed would it be accepted?
  $ hookproof inbox show webhooks.db 42 --json | jq '.error'`,
    )
    .action((first, second, options) =>
      shell.perform(options, (report) => {
        const { store, ids } = wordsOf([first, second]);
        const [id] = ids;
        if (id === undefined) {
          throw usage(`Which delivery?${takenForStore(store)}`, 'Give its id, as hookproof inbox list shows it.');
        }
        return withInbox(store, options, 'look', report, async (inbox) => {
          const delivery = await inbox.get(id);
          if (delivery === undefined) throw noDelivery([id]);
          if (options.raw === true) return writeBytes(delivery.body, report);
          if (options.asHttp === true) return writeBytes(httpRequest(delivery), report);
          if (report.json) await report.record(recordOf(delivery, options.headers === true));
          else await showDelivery(delivery, options.headers === true, report);
          return exitCode.ok;
        });
      }),
    );
}

/** Exactly these bytes, unless they could do something to a terminal. */
async function writeBytes(bytes: Uint8Array, { terminal: { stdout } }: Report): Promise<ExitCode> {
  if (stdout.isTTY === true && !isDisplayable(bytes)) {
    throw usage(
      'These bytes hold control characters, which could change your terminal.',
      'Write them to a file: > file',
    );
  }
  await new Promise<void>((resolve, reject) => {
    stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
  return exitCode.ok;
}

function recordOf({ headers, body, ...summary }: StoredDelivery, withSignatures: boolean) {
  return { ...summary, headers: Object.fromEntries(shownHeaders(headers, withSignatures)), ...bodyRecord(body) };
}

async function showDelivery(delivery: StoredDelivery, withSignatures: boolean, report: Report): Promise<void> {
  const { colours } = report;
  const { error, state } = delivery;
  const fields: readonly (readonly [name: string, value: string | undefined])[] = [
    ['id', printable(delivery.id)],
    ['receiver', printable(delivery.name)],
    ['owner', delivery.owner === undefined ? undefined : printable(delivery.owner)],
    ['state', stateIn(colours, state)],
    ['type', delivery.type === undefined ? '(could not be read)' : printable(delivery.type)],
    ['key', printable(delivery.key)],
    ['lane', delivery.lane === undefined ? undefined : printable(delivery.lane)],
    ['attempts', String(delivery.attempts)],
    ['received', localTime(delivery.receivedAt)],
    ['due', delivery.dueAt && localTime(delivery.dueAt)],
    [state === 'dead' ? 'died' : 'finished', delivery.finishedAt && localTime(delivery.finishedAt)],
    ['error', error && printable(`${error.code}: ${error.message}`)],
  ];
  for (const [name, value] of fields) if (value !== undefined) await report.say(`${name.padEnd(10)}${value}`);
  await report.say();
  await report.say(colours.bold('Headers') + (withSignatures ? '' : ' (signatures are hidden: --headers shows them)'));
  for (const [name, value] of shownHeaders(delivery.headers, withSignatures)) {
    await report.show(`  ${printable(name)}: ${printable(value)}`);
  }
  await report.say();
  const { kind, lines } = bodyLines(delivery.body);
  await report.say(`${colours.bold('Body')} (${delivery.body.length.toLocaleString('en')} bytes, ${kind})`);
  for (const line of lines) await report.show(line);
}

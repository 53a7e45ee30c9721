import type { Command } from '@commander-js/extra-typings';
import { grantiva as grantivaProvider } from '@hookproof/core';
import {
  type GrantivaDelivery,
  type GrantivaEndpoints,
  type GrantivaEndpointsOptions,
  grantivaEndpoints,
} from '@hookproof/endpoints';
import { exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import { several, whole } from '../options.ts';
import { fetchThroughProxy } from '../proxy.ts';
import { findSecret } from '../secrets.ts';
import { jsonOption, type Shell } from '../shell.ts';
import { printable, type Report } from '../terminal.ts';
import {
  deleteEndpoint,
  listEndpoints,
  showCreated,
  showDeliveries,
  showEndpoint,
  timeoutOption,
  warnOfUnknown,
} from './actions.ts';
import { tellingFailures } from './failures.ts';
import { printSecretOption, saveSecretOption, withSecretPlace } from './keep-secret.ts';

export interface GrantivaConnection {
  readonly timeout: number;
  readonly baseUrl?: string | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly cookieFile?: string | undefined;
}

/** Adds `endpoints grantiva` with its actions. */
export function addGrantiva(parent: Command, shell: Shell): void {
  const grantiva = parent
    .command('grantiva')
    .summary('list, create, ensure, update, delete, deliveries')
    .description('Manage webhook endpoints at Grantiva, and see what became of their deliveries.')
    .addHelpText('after', help);
  const { terminal, perform } = tellingFailures(shell, 'grantiva');
  const call = { signal: terminal.signal };

  const action = (name: string, summary: string) => withGrantivaConnection(grantiva.command(name)).description(summary);
  const connect = grantivaClient;

  action('list', 'List all endpoints of your organisation, newest first.').action((options) =>
    perform(options, async (report) => listEndpoints(await connect(options, report), report)),
  );

  action('create', 'Create an endpoint, and keep its secret.')
    .requiredOption('--url <url>', 'where deliveries go, https')
    .requiredOption('--events <types>', 'event types, with commas between them; may be repeated', several)
    .option('--description <text>', 'a label for people')
    .option(...saveSecretOption)
    .option(...printSecretOption)
    .action((options) =>
      perform(options, async (report) => {
        const client = await connect(options, report);
        const { url, events, description } = options;
        await warnOfUnknown(events, grantivaProvider(), report);
        return withSecretPlace(options, async (place) =>
          showCreated(report, 'created', await client.create({ url, events, description }, call), place),
        );
      }),
    );

  action('ensure', 'Create the endpoint unless there is one with this URL, which is then updated where it differs.')
    .requiredOption('--url <url>', 'where deliveries go, https')
    .requiredOption('--events <types>', 'all event types it is to have, with commas between them', several)
    .option('--description <text>', 'a label for people')
    .option(...saveSecretOption)
    .option(...printSecretOption)
    .action((options) =>
      perform(options, async (report) => {
        const client = await connect(options, report);
        const { url, events, description } = options;
        await warnOfUnknown(events, grantivaProvider(), report);
        return withSecretPlace(options, async (place) => {
          const ensured = await client.ensure({ url, events, description }, call);
          const changed = ensured.action === 'updated' ? ensured.changed : [];
          await report.note(`${[`Endpoint ${ensured.action}`, changed.join(', ')].filter(Boolean).join(': ')}.`);
          if (ensured.action === 'created') return showCreated(report, 'created', ensured.endpoint, place);
          await showEndpoint(report, ensured.endpoint, { action: ensured.action, changed });
          return exitCode.ok;
        });
      }),
    );

  action('update', 'Change an endpoint; what is not named stays.')
    .argument('<id>', 'its id, as list shows it')
    .option('--events <types>', 'all event types it is to have, with commas between them', several)
    .option('--description <text>', 'a label for people')
    .option('--on', 'send deliveries to it')
    .option('--off', 'send none until it is on again')
    .action((id, options) =>
      perform(options, async (report) => {
        const { events, description, on, off } = options;
        if (on && off) throw usage('--on and --off were both given.', 'Give one.');
        if ([events, description, on, off].every((given) => given === undefined)) {
          throw usage('There is nothing to change.', 'Give --events, --description, --on or --off.');
        }
        const client = await connect(options, report);
        await warnOfUnknown(events ?? [], grantivaProvider(), report);
        const isActive = on ?? (off ? false : undefined);
        await showEndpoint(report, await client.update(id, { events, description, isActive }, call));
        return exitCode.ok;
      }),
    );

  action('delete', 'Delete an endpoint for good.')
    .argument('<id>', 'its id, as list shows it')
    .option('-y, --yes', 'do not ask')
    .action((id, options) =>
      perform(options, async (report) => {
        const client = await connect(options, report);
        return deleteEndpoint(client, id, options.yes ?? false, report);
      }),
    );

  action('deliveries', 'Show what became of the deliveries to an endpoint, the newest first.')
    .argument('<id>', 'id of the endpoint, as list shows it')
    .option('--limit <n>', 'how many at most', whole(1, 1_000_000), 100)
    .action((id, options) =>
      perform(options, async (report) => {
        const client = await connect(options, report);
        const { limit } = options;
        const deliveries = client.deliveries(id, { pageSize: Math.min(limit, 100) }, call);
        return showDeliveries(deliveries, limit, showDelivery, report);
      }),
    );
}

/** Prints one delivery of an endpoint on a line. */
async function showDelivery(report: Report, delivery: GrantivaDelivery): Promise<void> {
  const { dim, green, red, yellow } = report.colours;
  const { id, status, eventType, attemptCount, createdAt, httpStatus, error = '' } = delivery;
  const colour = status === 'success' ? green : status === 'failed' ? red : yellow;
  const attempts = attemptCount === undefined ? '' : `${attemptCount} ${attemptCount === 1 ? 'attempt' : 'attempts'}`;
  const parts = [dim(printable(createdAt)), printable(eventType), dim(printable(id)), colour(printable(status))];
  await report.say([...parts, attempts, httpStatus ?? '', printable(error)].filter((part) => part !== '').join('  '));
  await report.record(delivery);
}

/** Adds the options that say where Grantiva is, and how to call it. */
export function withGrantivaConnection(command: Command) {
  return command
    .option('--base-url <url>', "your organisation's Grantiva host; GRANTIVA_URL")
    .option('--token <token>', 'an API key, gpat_… or aat_…: better in GRANTIVA_TOKEN')
    .option('--token-file <path>', 'a file with the API key; - for standard input')
    .option(
      '--cookie-file <path>',
      'instead of an API key, a file with the Cookie header of a session; GRANTIVA_COOKIE',
    )
    .option(...timeoutOption)
    .option(...jsonOption);
}

/** Makes the client that the options and the environment describe. */
export async function grantivaClient(
  options: GrantivaConnection,
  report: Report,
  limits: Pick<GrantivaEndpointsOptions, 'requestsPerSecond'> = {},
): Promise<GrantivaEndpoints> {
  const baseUrl = options.baseUrl ?? report.terminal.env['GRANTIVA_URL'];
  if (baseUrl === undefined || baseUrl === '') {
    throw usage("Grantiva's host is not known.", 'Set GRANTIVA_URL, or give --base-url https://…');
  }
  const credential = await credentialOf(options, report);
  const fetch = await fetchThroughProxy(report.terminal);
  return grantivaEndpoints({ ...credential, baseUrl, fetch, timeoutMs: options.timeout * 1_000, ...limits });
}

/** An option goes before the environment; of two that are alike, neither is chosen silently. */
async function credentialOf(
  { token: given, tokenFile: file, cookieFile }: GrantivaConnection,
  report: Report,
): Promise<{ readonly token: string } | { readonly cookie: string }> {
  const { GRANTIVA_TOKEN, GRANTIVA_COOKIE } = report.terminal.env;
  const hasTokenOption = given !== undefined || file !== undefined;
  if (cookieFile !== undefined && hasTokenOption) {
    throw usage(`--cookie-file and --token${file === undefined ? '' : '-file'} were both given.`, 'Give one.');
  }
  if (cookieFile === undefined && !hasTokenOption && GRANTIVA_TOKEN && GRANTIVA_COOKIE) {
    throw usage(
      'GRANTIVA_TOKEN and GRANTIVA_COOKIE are both set.',
      'Unset one, or give --token-file or --cookie-file.',
    );
  }
  if (cookieFile === undefined) {
    const token = await findSecret({ name: 'token', env: ['GRANTIVA_TOKEN'], given, file }, report);
    if (token !== undefined) return { token };
  }
  const source = { name: 'cookie', env: ['GRANTIVA_COOKIE'], given: undefined, file: cookieFile };
  const cookie = await findSecret(source, report);
  if (cookie !== undefined) return { cookie };
  throw usage('There is no API key.', 'Set GRANTIVA_TOKEN, or give --token-file or --cookie-file.');
}

const help = `
GRANTIVA_URL is your organisation's host, and GRANTIVA_TOKEN an API key of someone with the Admin role.

Examples:
  $ hookproof endpoints grantiva list
  $ hookproof endpoints grantiva ensure --url https://example.com/webhooks/grantiva \\
      --events device.high_risk,device.new --save-secret grantiva.secret
  $ hookproof endpoints grantiva update 550e8400-e29b-41d4-a716-446655440000 --off`;

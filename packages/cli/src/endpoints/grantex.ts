import { type Command, Option } from '@commander-js/extra-typings';
import { grantex as grantexProvider } from '@hookproof/core';
import {
  type GrantexDelivery,
  type GrantexEndpoints,
  type GrantexEndpointsOptions,
  grantexEndpoints,
  type WantedGrantexEndpoint,
} from '@hookproof/endpoints';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { several, whole } from '../options.ts';
import type { Shell } from '../shell.ts';
import { printable, type Report } from '../terminal.ts';
import { listEndpoints, showCreated, showDeliveries, showEndpoint, warnOfUnknown } from './actions.ts';
import { type ApiKeyOptions, connectionOf, withApiKey } from './api-key.ts';
import { tellingFailures } from './failures.ts';
import { printSecretOption, saveSecretOption, withSecretPlace } from './keep-secret.ts';
import { addMissing } from './missing.ts';
import { commandFor, retireEndpoint, tellOthers, tellPending, tellReplaced, waitOption } from './retire.ts';

const api = { variables: 'GRANTEX', url: 'https://api.grantex.dev' } as const;

/** Adds `endpoints grantex` with its actions. */
export function addGrantex(parent: Command, shell: Shell): void {
  const grantex = parent
    .command('grantex')
    .summary('list, create, ensure, delete, deliveries')
    .description('Manage webhook endpoints at Grantex, and see what became of their deliveries.')
    .addHelpText('after', help);
  const { terminal, perform } = tellingFailures(shell, 'grantex');
  const call = { signal: terminal.signal };

  const action = (name: string, summary: string) => withGrantexConnection(grantex.command(name)).description(summary);
  const connect = grantexClient;

  action('list', 'List all endpoints.').action((options) =>
    perform(options, async (report) => listEndpoints(await connect(options, report), report)),
  );

  action('create', 'Create an endpoint, and keep its secret.')
    .requiredOption('--url <url>', 'where deliveries go, https')
    .requiredOption('--events <types>', 'event types, with commas between them; may be repeated', several)
    .option(...saveSecretOption)
    .option(...printSecretOption)
    .action((options) =>
      perform(options, async (report) => {
        const client = await connect(options, report);
        const { url, events } = options;
        await warnOfUnknown(events, grantexProvider(), report);
        return withSecretPlace(options, async (place) =>
          showCreated(report, 'created', await client.create({ url, events }, call), place),
        );
      }),
    );

  action('ensure', 'Create the endpoint unless there is one with this URL and these events.')
    .requiredOption('--url <url>', 'where deliveries go, https')
    .requiredOption('--events <types>', 'all event types it is to have, with commas between them', several)
    .option('--replace', 'where its events differ, create it anew with a new secret: Grantex cannot change an endpoint')
    .option(...waitOption)
    .option(...saveSecretOption)
    .option(...printSecretOption)
    .action((options) =>
      perform(options, async (report) => {
        const client = await connect(options, report);
        const { url, events, replace, wait } = options;
        await warnOfUnknown(events, grantexProvider(), report);
        return withSecretPlace(options, async (place) => {
          let code: ExitCode = exitCode.ok;
          // At once, because it may take long until the former one can go, and the receiver needs the secret before.
          const onCreated: WantedGrantexEndpoint['onCreated'] = async (endpoint, previous) => {
            code = await showCreated(report, previous === undefined ? 'created' : 'replaced', endpoint, place);
            if (previous === undefined) return;
            if (code !== exitCode.ok) throw notKept(previous.id);
            await report.note(takeBoth(previous.id));
          };
          const onPending = tellPending(report);
          const ensured = await client.ensure(
            { url, events, replace, onCreated, onPending, waitMs: wait * 60_000 },
            call,
          );
          await report.note(`Endpoint ${ensured.action}.`);
          if (ensured.action === 'created') return code;
          if (ensured.action === 'unchanged') await showEndpoint(report, ensured.endpoint, { action: 'unchanged' });
          else code = await tellReplaced(ensured, wait, report);
          await tellOthers(ensured.others, report);
          return code;
        });
      }),
    );

  action('delete', 'Delete an endpoint for good, once what is queued for it is delivered.')
    .argument('<id>', 'its id, as list shows it')
    .option(...waitOption)
    .option('--now', 'do not wait: what is queued for it is lost')
    .option('-y, --yes', 'do not ask')
    .action((id, options) =>
      perform(options, async (report) => retireEndpoint(await connect(options, report), id, options, report)),
    );

  action('deliveries', 'Show what became of the deliveries to an endpoint.')
    .argument('<id>', 'id of the endpoint, as list shows it')
    .addOption(new Option('--status <status>', 'only those').choices(['pending', 'delivered', 'failed'] as const))
    .option('--limit <n>', 'how many at most', whole(1, 1_000_000), 100)
    .action((id, options) =>
      perform(options, async (report) => {
        const client = await connect(options, report);
        const { status, limit } = options;
        const deliveries = client.deliveries(id, { status, pageSize: Math.min(limit, 100) }, call);
        return showDeliveries(deliveries, limit, showDelivery, report);
      }),
    );

  addMissing(
    grantex,
    'update',
    'Grantex cannot change an endpoint.',
    'For other events: hookproof endpoints grantex ensure --url … --events … --replace, which creates it anew with a new ' +
      'secret. To turn one off, delete it.',
  );
}

function takeBoth(former: string): string {
  return (
    `Let your receiver take this secret beside the former one now: ${former} is deleted when what is queued for it is ` +
    'delivered, and from then on all is signed with the new one.'
  );
}

function notKept(former: string): Failure {
  return new Failure(exitCode.failed, 'secret_not_kept', `The former endpoint, ${former}, is still there.`, {
    fix: `Put the new secret in its place, and then: ${commandFor(former)}`,
  });
}

/** Adds the options that say where Grantex is, and how to call it. */
export const withGrantexConnection = (command: Command) => withApiKey(command, api);

/** Makes the client that the options and the environment describe. */
export async function grantexClient(
  options: ApiKeyOptions,
  report: Report,
  limits: Pick<GrantexEndpointsOptions, 'requestsPerSecond'> = {},
): Promise<GrantexEndpoints> {
  return grantexEndpoints({ ...(await connectionOf(api, options, report)), ...limits });
}

/** Prints one delivery of an endpoint on a line. */
async function showDelivery(report: Report, delivery: GrantexDelivery): Promise<void> {
  const { dim, green, red, yellow } = report.colours;
  const { status, eventType, eventId, attempts, maxAttempts, createdAt, lastError } = delivery;
  const colour = status === 'delivered' ? green : status === 'failed' ? red : yellow;
  const parts = [createdAt, eventType, eventId, status, `${attempts}/${maxAttempts} attempts`, lastError ?? ''];
  const [created = '', type = '', id = '', state = '', tried = '', error = ''] = parts.map(printable);
  await report.say([dim(created), type, dim(id), colour(state), tried, error].join('  ').trimEnd());
  await report.record(delivery);
}

const help = `
The API key is read from GRANTEX_API_KEY.

Examples:
  $ hookproof endpoints grantex list
  $ hookproof endpoints grantex ensure --url https://example.com/webhooks/grantex \\
      --events grant.created,grant.revoked,token.issued --save-secret grantex.secret
  $ hookproof endpoints grantex deliveries wh_01JXYZ --status failed`;

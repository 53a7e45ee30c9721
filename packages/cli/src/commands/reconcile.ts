import type { Command, OptionValues } from '@commander-js/extra-typings';
import { createReceiver, gravv as gravvProvider, type Inbox, type Provider } from '@hookproof/core';
import { grantexLog, grantivaLog, gravvDeliveries, gravvLog } from '@hookproof/endpoints';
import { connectionOf, withApiKey } from '../endpoints/api-key.ts';
import { tellingFailures } from '../endpoints/failures.ts';
import { grantexClient, withGrantexConnection } from '../endpoints/grantex.ts';
import { grantivaClient, withGrantivaConnection } from '../endpoints/grantiva.ts';
import { withInbox } from '../inbox/open.ts';
import { storeArgument } from '../inbox/options.ts';
import { when } from '../inbox/when.ts';
import { positive, several } from '../options.ts';
import { type RunOptions, runReconcile } from '../reconcile/reconcile.ts';
import { readSecret } from '../secrets.ts';
import type { Shell } from '../shell.ts';
import type { Report } from '../terminal.ts';

/** Adds `reconcile`, with what each provider can do. */
export function addReconcile(program: Command, shell: Shell): void {
  const all = program
    .command('reconcile')
    .summary('what did the provider send, and what is in the inbox?')
    .description(
      'Compare what a provider says it has sent with what an inbox knows, and list what is missing. Nothing is changed unless ' +
        'it is asked for. It ends with 1 where something is missing.',
    )
    .addHelpText('after', help);
  addGrantex(all, shell);
  addGrantiva(all, shell);
  addGravv(all, shell);
}

function addGrantex(parent: Command, shell: Shell): void {
  const { perform } = tellingFailures(shell, 'grantex');
  withRun(withGrantexConnection(parent.command('grantex')), 1.5)
    .description(
      'Compare the deliveries of Grantex with an inbox. Grantex cannot send again: what is missing is listed.',
    )
    .option('--endpoint <ids>', 'ids of the endpoints, with commas between them; all by default', several)
    .action((store, options) =>
      perform(options, async (report) => {
        const client = await grantexClient(options, report, { requestsPerSecond: options.rate });
        const ids = await endpointsOf(client, options.endpoint, report);
        const logs = ids.map((endpoint) => ({ endpoint, log: grantexLog(client, endpoint) }));
        return withInbox(store, options, 'look', report, (inbox) =>
          runReconcile('grantex', logs, inbox, options, report),
        );
      }),
    );
}

function addGrantiva(parent: Command, shell: Shell): void {
  const { perform } = tellingFailures(shell, 'grantiva');
  withRun(withGrantivaConnection(parent.command('grantiva')), 2)
    .description('Compare the deliveries of Grantiva with an inbox, and have what is missing sent again.')
    .option('--endpoint <ids>', 'ids of the endpoints, with commas between them; all by default', several)
    .option(...resendOption)
    .action((store, options) =>
      perform(options, async (report) => {
        const client = await grantivaClient(options, report, { requestsPerSecond: options.rate });
        const ids = await endpointsOf(client, options.endpoint, report);
        const logs = ids.map((endpoint) => ({ endpoint, log: grantivaLog(client, endpoint) }));
        return withInbox(store, options, 'look', report, (inbox) =>
          runReconcile('grantiva', logs, inbox, options, report),
        );
      }),
    );
}

function addGravv(parent: Command, shell: Shell): void {
  const { perform } = tellingFailures(shell, 'gravv');
  withRun(withApiKey(parent.command('gravv'), gravvApi), 0.15)
    .description(
      'Compare the history of Gravv with an inbox, and have what is missing sent again, or take it in from the history.',
    )
    .option(...resendOption)
    .option('--backfill', 'take what is missing in from the history, where its signature fits')
    .option('--secret <secret>', 'the secret of the endpoint, for --backfill: better in HOOKPROOF_SECRET')
    .option('--secret-file <path>', 'a file with that secret; - for standard input')
    .action((store, options) =>
      perform(options, async (report) => {
        const { rate, backfill: wanted } = options;
        const connection = await connectionOf(gravvApi, options, report);
        const log = gravvLog(gravvDeliveries({ ...connection, requestsPerSecond: rate }));
        const secretSource = { env: ['HOOKPROOF_SECRET'], given: options.secret, file: options.secretFile };
        const secret = wanted === true ? await readSecret({ name: 'secret', ...secretSource }, report) : undefined;
        return withInbox(store, options, wanted === true ? 'change' : 'look', report, (inbox) => {
          const backfill = secret === undefined ? undefined : receiverOf(gravvProvider(), secret, inbox, options);
          return runReconcile('gravv', [{ endpoint: undefined, log }], inbox, { ...options, backfill }, report);
        });
      }),
    );
}

const gravvApi = { variables: 'GRAVV', url: 'https://api.gravv.xyz' } as const;

const resendOption = ['--resend', 'have the provider send again what is missing'] as const;

/** Adds what every run can be told. */
function withRun<Options extends OptionValues>(command: Command<[], Options>, perSecond: number) {
  return command
    .argument(...storeArgument)
    .option(
      '--since <when>',
      'sent then or later: ISO 8601, or how long ago, such as 7d; 24 hours ago by default',
      when,
    )
    .option('--until <when>', 'sent before that; a minute ago by default', when)
    .option('--name <receiver>', "what the inbox knows the receiver by; the provider's name by default")
    .option('--owner <owner>', 'whose events they are, where the app names owners')
    .option('--types <types>', 'event types that the app handles, such as device.new,grant.*; all by default', several)
    .option('--rate <n>', 'requests to the provider in a second', positive, perSecond)
    .option('--checkpoint <path>', 'keep the progress in this file, and go on from it where a run was ended')
    .option('--schema <name>', 'PostgreSQL: schema of the inbox (hookproof)')
    .option('--prefix <text>', 'Redis: what keys begin with (hookproof)');
}

/** The endpoints that are meant. */
async function endpointsOf(
  client: { readonly list: (call: { signal: AbortSignal }) => Promise<readonly { readonly id: string }[]> },
  given: readonly string[] | undefined,
  report: Report,
): Promise<readonly string[]> {
  if (given !== undefined) return given;
  const ids = (await client.list({ signal: report.terminal.signal })).map(({ id }) => id);
  if (ids.length === 0) await report.note('There are no endpoints.');
  if (ids.length > 1) {
    await report.note(
      `All ${ids.length} endpoints are compared with one receiver: --endpoint <id> names those that send to it.`,
    );
  }
  return ids;
}

/** A receiver that stores what it can prove, as that of the app does, and handles nothing. */
function receiverOf(provider: Provider, secret: string, inbox: Inbox, { name, owner }: RunOptions) {
  // An owner that begins with "=" is told by the secret.
  const named = owner === undefined ? secret : () => (owner.startsWith('=') ? secret : { owner, secrets: secret });
  const on = { '*': () => undefined };
  return createReceiver<Provider, unknown, Inbox>({
    ...{ provider, secret: named, inbox, receiverName: name, on, onOutcome: () => undefined },
  });
}

const help = `
The store is the first argument, or in HOOKPROOF_INBOX, as for hookproof inbox. What is on its way for less than a minute,
and what the provider will send again by itself, is not missing.

Examples:
  $ GRANTEX_API_KEY=… hookproof reconcile grantex webhooks.db --since 7d
  $ GRAVV_API_KEY=… hookproof reconcile gravv webhooks.db --resend --checkpoint reconcile.state
  $ GRANTIVA_COOKIE=… hookproof reconcile grantiva webhooks.db --endpoint 550e8400-e29b-41d4-a716-446655440000 --json`;

import type { Provider } from '@hookproof/core';
import type { CallOptions, Created, GrantexEndpoint, GrantivaEndpoint } from '@hookproof/endpoints';
import { confirmed } from '../confirm.ts';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { whole } from '../options.ts';
import { printable, type Report } from '../terminal.ts';
import { keepSecret, type SecretPlace } from './keep-secret.ts';

type Endpoint = GrantivaEndpoint | GrantexEndpoint;

/** The option that says how long to wait for the provider. */
export const timeoutOption = ['--timeout <seconds>', 'how long to wait for each answer', whole(1, 3_600), 10] as const;

/** Lists all endpoints. */
export async function listEndpoints(
  client: { readonly list: (call: CallOptions) => Promise<readonly Endpoint[]> },
  report: Report,
): Promise<ExitCode> {
  const endpoints = await client.list({ signal: report.terminal.signal });
  for (const endpoint of endpoints) await showEndpoint(report, endpoint);
  if (endpoints.length === 0) await report.note('There are no endpoints.');
  return exitCode.ok;
}

/** Deletes an endpoint, after asking. */
export async function deleteEndpoint(
  client: { readonly delete: (id: string, call: CallOptions) => Promise<void> },
  id: string,
  yes: boolean,
  report: Report,
): Promise<ExitCode> {
  if (!yes && !(await confirmed(`Delete endpoint ${printable(id)}?`, report))) return exitCode.no;
  await client.delete(id, { signal: report.terminal.signal });
  await report.say('Deleted.');
  await report.record({ action: 'deleted', id });
  return exitCode.ok;
}

/** Keeps the secret of an endpoint that has just been created, and shows the endpoint. */
export async function showCreated(
  report: Report,
  action: 'created' | 'replaced',
  endpoint: Created<Endpoint>,
  place: SecretPlace,
): Promise<ExitCode> {
  const code = await keepSecret(endpoint.secret, place, report);
  const secret = place.prints ? endpoint.secret.reveal() : undefined;
  await showEndpoint(report, endpoint, { action, secret });
  if (secret !== undefined) await report.say(`  secret       ${printable(secret)}`);
  return code;
}

/** Warns of events that may be misspelt. They are passed on: the providers have more than those known. */
export async function warnOfUnknown(events: readonly string[], provider: Provider, report: Report): Promise<void> {
  const unknown = events.filter((event) => provider.schemaFor(event) === undefined);
  if (unknown.length === 0) return;
  const known = Object.keys(provider.events ?? {}).join(', ');
  await report.note(`Warning: not among the events known to Hookproof: ${unknown.join(', ')}. Known are ${known}.`);
}

/** Prints an endpoint: a few lines for a reader, an object for a program, with what else that should know. */
export async function showEndpoint(report: Report, endpoint: Endpoint, more: object = {}): Promise<void> {
  const { bold, yellow } = report.colours;
  const isOff = 'isActive' in endpoint && !endpoint.isActive;
  await report.say(`${bold(printable(endpoint.url))}${isOff ? yellow('  (off)') : ''}`);
  await report.say(`  id           ${printable(endpoint.id)}`);
  await report.say(`  events       ${printable(endpoint.events.join(', '))}`);
  if ('description' in endpoint && endpoint.description) {
    await report.say(`  description  ${printable(endpoint.description)}`);
  }
  await report.say(`  created      ${printable(endpoint.createdAt)}`);
  await report.record({ ...endpoint, ...more });
}

/** Shows deliveries, so many at most. */
export async function showDeliveries<Delivery>(
  deliveries: AsyncIterable<Delivery>,
  limit: number,
  show: (report: Report, delivery: Delivery) => Promise<void>,
  report: Report,
): Promise<ExitCode> {
  let shown = 0;
  for await (const delivery of deliveries) {
    if (shown === limit) {
      await report.note(`… and more: --limit ${limit * 10}`);
      break;
    }
    shown += 1;
    await show(report, delivery);
  }
  if (shown === 0) await report.note('There are no deliveries.');
  return exitCode.ok;
}

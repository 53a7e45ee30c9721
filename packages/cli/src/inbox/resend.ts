import type { Command } from '@commander-js/extra-typings';
import { type Provider, type StoredDelivery, WebhookError } from '@hookproof/core';
import { simulateProvider } from '@hookproof/testing/simulator';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import { positive } from '../options.ts';
import { builtInProvider, providerOf } from '../providers.ts';
import { readSecret } from '../secrets.ts';
import { hintsOf } from '../send/hints.ts';
import { showLive } from '../send/live.ts';
import { asOptions, behaviourOf } from '../send/options.ts';
import { summaryOf, tellSummary } from '../send/summary.ts';
import type { CommonOptions, Shell } from '../shell.ts';
import { printable, type Report } from '../terminal.ts';
import { withInbox } from './open.ts';
import { storeArgument, withPlaces } from './options.ts';
import { type Places, takenForStore, wordsOf } from './store.ts';
import { noDelivery } from './trouble.ts';

interface ResendOptions extends CommonOptions, Places {
  readonly to?: string | undefined;
  readonly remote?: true | undefined;
  readonly provider?: string | undefined;
  readonly secret?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly timeout?: number | undefined;
}

/** Adds `inbox resend`. */
export function addResend(inbox: Command, shell: Shell): void {
  withPlaces(inbox.command('resend'))
    .usage('[options] [store] <id>')
    .summary('sign a delivery anew, and send it to an app on this machine')
    .description(
      'Sign a stored delivery anew, with the secret that the app there has, and send it as its provider would: the same ' +
        'bytes, the same id, a fresh time. What is stored stays as it is. The body may hold data of your customers, so it ' +
        'goes to this machine alone, unless --remote is given.',
    )
    .argument(...storeArgument)
    .argument('[id]', 'id of the delivery, as list shows it')
    .option('--to <url>', 'where to send, such as http://localhost:3000/webhooks/grantex')
    .option('--remote', 'let it go to another machine; https only')
    .option('--provider <provider>', 'whose delivery it is, where the receiver is not named so; also a module of yours')
    .option('--secret <secret>', 'the secret to sign with: better in HOOKPROOF_SECRET')
    .option('--secret-file <path>', 'a file with the secret; - for standard input')
    .option('--timeout <seconds>', "how long to wait for a reply instead of the provider's own limit", positive)
    .addHelpText(
      'after',
      `
Examples:
  $ export HOOKPROOF_SECRET=…                the secret of the app on your machine
  $ hookproof inbox resend webhooks.db 42 --to http://localhost:3000/webhooks/grantex
  $ hookproof inbox resend webhooks.db 42 --to http://localhost:3000/hooks --provider ./acme.js --json

Exit codes: 0 the app took it, or already had it; 1 it did not, or the id does not exist; 2 wrong command line; 3 the
store cannot be opened.`,
    )
    .action((first, second, options) =>
      shell.perform(options, async (report) => {
        const { store, ids } = wordsOf([first, second]);
        const [id] = ids;
        if (id === undefined) {
          throw usage(`Which delivery?${takenForStore(store)}`, 'Give its id, as hookproof inbox list shows it.');
        }
        const url = targetOf(options);
        const found: StoredDelivery[] = [];
        const code = await withInbox(store, options, 'look', report, async (opened) => {
          const delivery = await opened.get(id);
          if (delivery === undefined) throw noDelivery([id]);
          found.push(delivery);
          return exitCode.ok;
        });
        const [delivery] = found;
        return delivery === undefined ? code : resend(delivery, url, options, report);
      }),
    );
}

/** Where it goes: to this machine, unless the user says that another one may have it. */
function targetOf({ to, remote }: ResendOptions): string {
  if (to === undefined) throw usage('Where to?', 'Give --to <url>, such as http://localhost:3000/webhooks/grantex.');
  const url = URL.canParse(to) ? new URL(to) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw usage('--to is not a URL of http or https.');
  if (/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)) return to;
  if (remote !== true) {
    throw usage(
      `${printable(url.host)} is not this machine, and the delivery may hold data of your customers.`,
      'Send it to localhost; or give --remote, where that machine may have them.',
    );
  }
  if (url.protocol === 'https:') return to;
  throw usage('To another machine the delivery goes by https alone.', 'Give --to https://…');
}

async function resend(
  delivery: StoredDelivery,
  url: string,
  options: ResendOptions,
  report: Report,
): Promise<ExitCode> {
  const provider = await providerFor(delivery, options.provider);
  const source = { name: 'secret', env: ['HOOKPROOF_SECRET'], given: options.secret, file: options.secretFile };
  const secret = await readSecret(source, report);
  const live = showLive(report, 1, false);
  try {
    const sending = { concurrency: 1, retries: 'none', timeout: options.timeout } as const;
    const { signal } = report.terminal;
    const sender = simulateProvider(provider, { url, secret, ...behaviourOf(sending), onAttempt: live.onAttempt });
    const { body, headers } = delivery;
    const sent = await sender.send(
      { body, headers: keptHeaders(headers, provider) },
      { id: idOf(headers, provider), signal },
    );
    await sender.close();
    await live.end();
    const summary = summaryOf([sent]);
    await tellSummary(summary, report);
    for (const hint of hintsOf({ provider, summary, url, options: sending })) await report.note(hint);
    return sent.state === 'delivered' ? exitCode.ok : exitCode.no;
  } catch (thrown) {
    throw thrown instanceof WebhookError ? asOptions(thrown) : thrown;
  }
}

async function providerFor({ name }: StoredDelivery, given: string | undefined): Promise<Provider> {
  if (given !== undefined) return providerOf(given);
  const provider = builtInProvider(name);
  if (provider !== undefined) return provider;
  throw usage(
    `The receiver ${printable(name)} is not named as a provider, so nobody can tell how to sign.`,
    'Give --provider grantex, for example, or the path of a module of yours.',
  );
}

/** The provider's id of the delivery or the event, which a header carries; undefined where the body does. */
function idOf(headers: StoredDelivery['headers'], provider: Provider): string | undefined {
  const names = [provider.headers.deliveryId, ...provider.signature.flatMap(({ id }) => id?.headers ?? [])];
  return names.map((name) => headers.get(name ?? '')).find((value) => value !== undefined);
}

/** What belongs to the event besides its body: nothing that proves who sent it, and nothing that proxies added. */
function keptHeaders(headers: StoredDelivery['headers'], provider: Provider): Record<string, string> {
  const parts = Object.values({ ...provider.envelope }).flatMap((part) =>
    typeof part === 'object' ? [part.header] : [],
  );
  const names = new Set(['content-type', provider.headers.type, provider.headers.deliveryId, ...parts]);
  return Object.fromEntries([...headers].filter(([name]) => names.has(name)));
}

import { type Command, Option } from '@commander-js/extra-typings';
import { sampleTypes } from '@hookproof/testing';
import { type Faults, simulateProvider } from '@hookproof/testing/simulator';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import { positive, whole } from '../options.ts';
import { providerArgument, providerOf, signatureOption } from '../providers.ts';
import { readSecret } from '../secrets.ts';
import { eventsOf } from '../send/events.ts';
import { showLive } from '../send/live.ts';
import { type Summary, summaryOf } from '../send/summary.ts';
import { jsonOption, type Shell } from '../shell.ts';
import { printable, type Report } from '../terminal.ts';

/** How many times faster than the provider `--retries fast` tries again. */
const fast = 1_000;

/** Adds `send`. */
export function addSend(program: Command, shell: Shell): void {
  program
    .command('send')
    .summary('send what a provider would send')
    .description(
      'Send signed deliveries to your app, with the headers, the body and the retries of the real provider: samples of its events, data of your own, or a file byte for byte.',
    )
    .addArgument(providerArgument())
    .argument('[type]', 'type of the event; without it samples of all types in turn')
    .optionsGroup('What to send, and where:')
    .option('--url <url>', 'where to send; HOOKPROOF_URL, or http://localhost:3000/webhooks/<provider>')
    .option('--secret <secret>', 'the secret to sign with: better in HOOKPROOF_SECRET')
    .option('--secret-file <path>', 'a file with the secret; - for standard input')
    .option('--data <json>', "the event's data, put into the provider's envelope")
    .option('--file <path>', 'the whole body, sent byte for byte; - for standard input')
    .option('--list', 'list the types of which there are samples, and send nothing')
    .addOption(signatureOption())
    .optionsGroup('How:')
    .option('-n, --count <n>', 'how many events', whole(1, 1_000_000), 1)
    .option('--rate <n>', 'how many to begin in a second', positive)
    .option('--concurrency <n>', 'how many at once', whole(1, 64), 10)
    .addOption(
      new Option('--order <order>', 'the order to send in').choices(['given', 'reversed', 'shuffled'] as const),
    )
    .addOption(
      new Option('--retries <how>', `try again as the provider does: in real time, ${fast} times faster, or not at all`)
        .choices(['real', 'fast', 'none'] as const)
        .default('none' as const),
    )
    .option('--timeout <seconds>', "how long to wait for a reply instead of the provider's own limit", positive)
    .optionsGroup('Faults, which can be combined:')
    .option('--copies <n>', 'send each delivery so many times at once', whole(1, 100))
    .option('--wrong-secret', 'sign with another secret')
    .option('--without-signature', 'leave out the signature headers')
    .addOption(
      new Option('--tamper <part>', 'alter a part after signing').choices([
        'body',
        'signature',
        'timestamp',
        'id',
      ] as const),
    )
    .option('--signed-ago <seconds>', 'sign with a time so many seconds back', whole(1, 1_000_000_000))
    .option('--slow-body <ms>', 'let the body trickle in over so many milliseconds', whole(1, 600_000))
    .option('--cut-body', 'end the connection in the middle of the body')
    .option('--faulty-attempts <n>', 'only the first so many attempts have the faults', whole(1, 1_000))
    .optionsGroup('Result:')
    .option('--expect <status>', 'succeed only where the last reply to every delivery has this status', whole(100, 599))
    .option('-q, --quiet', 'print the summary alone')
    .option(...jsonOption)
    .addHelpText('after', examples)
    .action((name, type, options) =>
      shell.perform(options, async (report) => {
        const provider = await providerOf(name, options.signature);
        if (options.list) return list(sampleTypes(provider), report);
        const { data, file, count } = options;
        const events = await eventsOf(provider, { type, data, file }, count, report);
        if (file === '-' && options.secretFile === '-') {
          throw usage('--file and --secret-file cannot both be standard input.');
        }
        const secret = await readSecret(
          { name: 'secret', env: ['HOOKPROOF_SECRET'], given: options.secret, file: options.secretFile },
          report,
        );
        const live = showLive(report, events.length, options.quiet ?? false);
        const { timeout, retries, concurrency, rate, order } = options;
        const url =
          options.url ?? shell.terminal.env['HOOKPROOF_URL'] ?? `http://localhost:3000/webhooks/${provider.name}`;
        const sender = simulateProvider(provider, {
          url,
          secret,
          speed: retries === 'fast' ? fast : 1,
          behaviour: {
            ...(timeout === undefined ? {} : { timeoutMs: timeout * 1_000 }),
            ...(retries === 'none' ? { delaysMs: [] } : {}),
          },
          faults: faultsOf(options),
          onAttempt: live.onAttempt,
        });
        const { signal } = shell.terminal;
        const deliveries = await sender.sendAll(events, { concurrency, ratePerSecond: rate, order, until: signal });
        await sender.close();
        await live.end();
        const summary = summaryOf(deliveries);
        await tell(report, summary);
        const hint = hintOf(summary, url);
        if (hint !== undefined) await report.note(hint);
        if (options.expect === undefined) return summary.delivered === deliveries.length ? exitCode.ok : exitCode.no;
        const isExpected = deliveries.every(({ attempts }) => attempts.at(-1)?.status === options.expect);
        return isExpected ? exitCode.ok : exitCode.no;
      }),
    );
}

/** The faults, as the simulator calls them. */
function faultsOf(options: {
  readonly copies?: number | undefined;
  readonly wrongSecret?: true | undefined;
  readonly withoutSignature?: true | undefined;
  readonly tamper?: Faults['tamper'];
  readonly signedAgo?: number | undefined;
  readonly slowBody?: number | undefined;
  readonly cutBody?: true | undefined;
  readonly faultyAttempts?: number | undefined;
}): Faults {
  return {
    copies: options.copies,
    wrongSecret: options.wrongSecret,
    withoutSignature: options.withoutSignature,
    tamper: options.tamper,
    signedSecondsAgo: options.signedAgo,
    slowBodyMs: options.slowBody,
    cutBody: options.cutBody,
    firstAttempts: options.faultyAttempts,
  };
}

async function list(types: readonly string[], report: Report): Promise<ExitCode> {
  for (const type of types) {
    await report.say(type);
    await report.record({ type });
  }
  return exitCode.ok;
}

async function tell(report: Report, summary: Summary): Promise<void> {
  const { deliveries, delivered, failed, aborted, requests, results, durationMs } = summary;
  const { bold, green, red } = report.colours;
  const parts = [
    (delivered === deliveries ? green : red)(`${delivered} of ${deliveries} delivered`),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(aborted > 0 ? [`${aborted} stopped`] : []),
    `${requests} requests: ${results.map(([result, count]) => `${count} × ${printable(result)}`).join(', ') || 'none'}`,
    ...(durationMs === undefined ? [] : [`median ${durationMs.median} ms, p99 ${durationMs.p99} ms`]),
  ];
  await report.say(bold(parts.join('; ')));
  await report.record({ kind: 'summary', ...summary, results: Object.fromEntries(results) });
}

/** What to look at, where everything failed alike. */
function hintOf({ delivered, results }: Summary, url: string): string | undefined {
  const [[result] = [''], ...others] = results;
  if (delivered > 0 || others.length > 0) return undefined;
  return hints.get(result)?.replace('{url}', printable(url));
}

const hints: ReadonlyMap<string, string> = new Map([
  ['connection_refused', 'Nothing listens at {url}: start your app, or give --url.'],
  ['host_not_found', 'There is no such host: {url}. Is --url right?'],
  ['401', 'Refused as not genuine: does the app have the secret that is in HOOKPROOF_SECRET?'],
  ['404', 'The app has nothing at {url}: is the path right?'],
  ['405', 'The app takes no POST at {url}: is the path right?'],
]);

const examples = `
Where there is no --secret-file, the secret is read from HOOKPROOF_SECRET.

Examples:
  $ hookproof send grantiva device.high_risk                   to http://localhost:3000/webhooks/grantiva
  $ hookproof send grantex grant.revoked --data '{"grantId":"grnt_1","cascade":true}' --url https://example.com/hooks
  $ hookproof send gravv --count 1000 --rate 50 --order shuffled
  $ hookproof send grantex --retries fast                      your handler throws: does it recover?
  $ hookproof send grantex --copies 5                          is each event handled once?
  $ hookproof send grantiva --wrong-secret --expect 401        is a forgery refused?
  $ hookproof send gravv transfer.status.failed --file body.json

Exit codes: 0 all delivered (or all as --expect says), 1 not, 2 wrong command line, 130 ended by Ctrl-C.`;

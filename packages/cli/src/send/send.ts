import { type Provider, WebhookError } from '@hookproof/core';
import { sampleTypes } from '@hookproof/testing';
import { type Faults, type SimulatorOptions, simulateProvider } from '@hookproof/testing/simulator';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { inWordsOf, type Names, usage } from '../failure.ts';
import { readSecret } from '../secrets.ts';
import { interruption } from '../shell.ts';
import type { Report } from '../terminal.ts';
import { eventsOf } from './events.ts';
import { hintOf } from './hints.ts';
import { type Live, showLive } from './live.ts';
import { summaryOf, tellSummary } from './summary.ts';

/** What `hookproof send` was told. */
export interface SendOptions {
  readonly url?: string | undefined;
  readonly secret?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly data?: string | undefined;
  readonly file?: string | undefined;
  readonly count?: number | undefined;
  readonly rate?: number | undefined;
  readonly concurrency: number;
  readonly order?: 'given' | 'reversed' | 'shuffled' | undefined;
  readonly retries: 'real' | 'fast' | 'none';
  readonly timeout?: number | undefined;
  readonly copies?: number | undefined;
  readonly wrongSecret?: true | undefined;
  readonly withoutSignature?: true | undefined;
  readonly tamper?: Faults['tamper'];
  readonly signedAgo?: number | undefined;
  readonly slowBody?: number | undefined;
  readonly cutBody?: true | undefined;
  readonly faultyAttempts?: number | undefined;
  readonly expect?: number | undefined;
  readonly quiet?: true | undefined;
}

/** How many times faster than the provider `--retries fast` tries again. */
export const fast = 1_000;

/** Sends what a provider would send, shows it, and tells whether it was delivered. */
export async function send(
  provider: Provider,
  type: string | undefined,
  options: SendOptions,
  report: Report,
): Promise<ExitCode> {
  const { file, secretFile, expect, quiet = false, concurrency, order } = options;
  const { env, signal } = report.terminal;
  if (file === '-' && secretFile === '-') throw usage('--file and --secret-file cannot both be standard input.');
  const events = await eventsOf(provider, type, options, report);
  const secret = await readSecret(
    { name: 'secret', env: ['HOOKPROOF_SECRET'], given: options.secret, file: secretFile },
    report,
  );
  const url = options.url ?? (env['HOOKPROOF_URL'] || `http://localhost:3000/webhooks/${provider.name}`);
  const ending = () => {
    if (interruption(report.terminal) === undefined) return;
    void report.note('Ending what is on the wire. Ctrl-C again ends at once.');
  };
  signal.addEventListener('abort', ending, { once: true });
  let live: Live | undefined;
  try {
    const sender = simulateProvider(provider, {
      url,
      secret,
      ...behaviourOf(options),
      onAttempt: (delivery, attempt) => live?.onAttempt(delivery, attempt),
      keepLast: 0,
    });
    live = showLive(report, events.length, quiet);
    const deliveries = await sender.sendAll(events, { concurrency, ratePerSecond: options.rate, order, until: signal });
    await sender.close();
    await live.end();
    const summary = summaryOf(deliveries);
    await tellSummary(summary, report);
    const isExpected =
      expect === undefined
        ? summary.delivered === deliveries.length
        : deliveries.every(({ attempts }) => attempts.at(-1)?.status === expect);
    const hint = hintOf({ provider, summary, url, options });
    if (!isExpected && !quiet && interruption(report.terminal) === undefined && hint !== undefined) {
      await report.note(hint);
    }
    return isExpected ? exitCode.ok : exitCode.no;
  } catch (thrown) {
    throw thrown instanceof WebhookError ? asOptions(thrown) : thrown;
  } finally {
    await live?.end();
    signal.removeEventListener('abort', ending);
  }
}

/** Lists the types of which there are samples. */
export async function listSamples(provider: Provider, report: Report): Promise<ExitCode> {
  const types = sampleTypes(provider);
  for (const type of types) {
    await report.say(type);
    await report.record({ type });
  }
  if (types.length === 0) await report.note(`There are no samples of ${provider.name}: give --data or --file.`);
  return exitCode.ok;
}

/** What is other than usual, as the simulator calls it. */
function behaviourOf(options: SendOptions): Pick<SimulatorOptions, 'speed' | 'behaviour' | 'faults'> {
  const { retries, timeout } = options;
  return {
    speed: retries === 'fast' ? fast : 1,
    behaviour: {
      ...(timeout === undefined ? {} : { timeoutMs: timeout * 1_000 }),
      ...(retries === 'none' ? { delaysMs: [] } : {}),
    },
    faults: {
      copies: options.copies,
      wrongSecret: options.wrongSecret,
      withoutSignature: options.withoutSignature,
      tamper: options.tamper,
      signedSecondsAgo: options.signedAgo,
      slowBodyMs: options.slowBody,
      cutBody: options.cutBody,
      firstAttempts: options.faultyAttempts,
    },
  };
}

const names: Names = [
  [/\bfaults\.signedSecondsAgo\b/g, '--signed-ago'],
  [/\bfaults\.wrongSecret\b/g, '--wrong-secret'],
  [/\bfaults\.withoutSignature\b/g, '--without-signature'],
  [/\bfaults\.tamper: '/g, "--tamper '"],
  [/\bfaults\.tamper\b/g, '--tamper'],
  [/\bbehaviour\.timeoutMs\b/g, '--timeout'],
  [/\bratePerSecond\b/g, '--rate'],
  [/\bThe option secret\b/g, 'The secret'],
];

/** A mistake in an option, under the name that it has on the command line. */
function asOptions(error: WebhookError): Error {
  return error.code === 'invalid_options' ? usage(inWordsOf(names, error.message)) : error;
}

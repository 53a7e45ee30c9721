import { type Provider, WebhookError } from '@hookproof/core';
import { sampleTypes } from '@hookproof/testing';
import { simulateProvider } from '@hookproof/testing/simulator';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import { readSecret } from '../secrets.ts';
import { interruption } from '../shell.ts';
import type { Report } from '../terminal.ts';
import { eventsOf } from './events.ts';
import { hintsOf } from './hints.ts';
import { type Live, showLive } from './live.ts';
import { asOptions, behaviourOf, type SendOptions } from './options.ts';
import { summaryOf, tellSummary } from './summary.ts';

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
    live?.pause();
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
    if (!isExpected && !quiet && interruption(report.terminal) === undefined) {
      for (const hint of hintsOf({ provider, summary, url, options })) await report.note(hint);
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

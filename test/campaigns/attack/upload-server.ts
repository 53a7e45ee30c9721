import process from 'node:process';
import { apps, frameworks } from './apps.ts';
import { schemes } from './schemes.ts';

/** What a server in a process of its own tells: where it listens, then the memory it took. */
export type ServerMessage =
  | { readonly port: number; readonly rssBefore: number }
  | { readonly peakRss: number; readonly heapAfter: number; readonly outcomes: Readonly<Record<string, number>> };

/** Serves one framework with one limit until it is asked for its memory; then it tells that and ends. */
const [, , name, maxBodyBytes] = process.argv;
const framework = frameworks.find((one) => one === name);
const [scheme] = schemes;
if (framework === undefined || scheme === undefined) throw new RangeError(`There is no framework ${name}.`);

const outcomes = new Map<string, number>();
const app = await apps[framework](scheme.provider, {
  secret: scheme.secret,
  maxBodyBytes: Number(maxBodyBytes),
  on: {},
  onOutcome: ({ outcome }) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1),
});
const tell = (message: ServerMessage) => process.send?.(message);
tell({ port: app.port, rssBefore: process.memoryUsage.rss() });

process.once('message', async () => {
  // The kernel counts in KiB, and from the start of the process.
  const peakRss = process.resourceUsage().maxRSS * 1024;
  await app.close();
  globalThis.gc?.();
  tell({ peakRss, heapAfter: process.memoryUsage().heapUsed, outcomes: Object.fromEntries(outcomes) });
  process.disconnect();
});

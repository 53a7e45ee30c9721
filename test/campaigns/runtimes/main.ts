import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runEndpoints } from './endpoints.ts';
import { runExample } from './example.ts';
import { runInbox } from './inbox.ts';
import { installRuntimes, makeHosts } from './prepare.ts';
import type { Result } from './results.ts';
import { runtimes } from './runtimes.ts';
import { runSuite } from './suite.ts';
import { tableOf } from './table.ts';

// What users install, on every runtime: the packages are packed and installed outside the repository, a process of each
// runtime makes apps of them, and the conformance suite delivers to these apps from here. Arguments choose runtimes.
const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = runtimes.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.toLowerCase().includes(word)),
);

const scratch = mkdtempSync(join(tmpdir(), 'hookproof-runtimes-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

await installRuntimes();
const project = await makeHosts(scratch, [...new Set(chosen.map(({ host }) => host))]);
const jobs: readonly (() => Promise<Result>)[] = chosen.flatMap((runtime) => [
  ...runtime.ways.map((way) => () => runSuite(runtime, way, project)),
  () => runEndpoints(runtime, project),
  ...(['node', 'bun'].includes(runtime.host) ? [() => runInbox(runtime, project)] : []),
  ...(runtime.name === 'workerd' ? [() => runExample(runtime.version(), project)] : []),
]);
const waiting = [...jobs.entries()];
const results: Result[] = [];

async function work(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [place, job] = next;
    results[place] = await job();
  }
}
// Two at a time: a suite waits for its host more than it computes.
await Promise.all([work(), work()]);

console.log(tableOf(results));
process.exitCode =
  results.length > 0 && results.every(({ tests, failures }) => tests > 0 && failures.length === 0) ? 0 : 1;

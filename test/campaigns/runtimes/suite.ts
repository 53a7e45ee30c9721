import { adapterConformance } from '@hookproof/testing/conformance';
import { startHost } from './host.ts';
import type { Way } from './hosts/wire.ts';
import { type Result, runTests, type Test } from './results.ts';
import type { Runtime } from './runtimes.ts';

/** Runs the conformance suite here, against apps that a process of the runtime makes. */
export async function runSuite(runtime: Runtime, way: Way, project: string): Promise<Result> {
  const host = await startHost(runtime, project);
  try {
    const tests: Test[] = [];
    adapterConformance({
      name: way,
      test: (title, run) => tests.push([title, run]),
      serve: host.serve(way, false),
      serveConsumed: host.serve(way, true),
    });
    const about = { runtime: runtime.name, version: runtime.version(), subject: `@hookproof/${way}` };
    return await runTests(about, tests, host);
  } finally {
    await host.end();
  }
}

import assert from 'node:assert/strict';
import {
  grantexKey,
  grantexServer,
  grantivaServer,
  grantivaToken,
  gravvKey,
  gravvServer,
  type ProviderServer,
} from '../../suites/endpoints/servers.ts';
import type { EndpointTest, Given } from './endpoint-test.ts';
import { denoTests, endpointTests, grantexTests, grantivaTests, gravvTests } from './endpoint-tests.ts';
import { type Host, startHost } from './host.ts';
import type { CallOrder } from './hosts/wire.ts';
import { type Result, runTests, type Test } from './results.ts';
import type { Runtime } from './runtimes.ts';

/** Calls the APIs of Grantiva, Grantex and Gravv, which run here, with clients that a process of the runtime makes. */
export async function runEndpoints(runtime: Runtime, project: string): Promise<Result> {
  const host = await startHost(runtime, project);
  // All that may not be printed; the tests add the signing secrets.
  const secrets = [grantivaToken, grantexKey, gravvKey];
  const shared = [...endpointTests, ...(runtime.host === 'deno' ? denoTests : [])];
  const printed: Test = [
    'what it printed has no secret and no credential in it',
    async () => {
      // Then all of it has come.
      await host.end();
      assert.match(host.output(), /^created with \[secret\] .*\[secret\]/m);
      for (const secret of secrets) assert.ok(!host.output().includes(secret));
      assert.equal(host.complaints(), '');
    },
  ];
  try {
    const tests = [
      ...[...shared, ...grantivaTests].map((test) => testOf(test, grantiva, host, secrets)),
      ...[...shared, ...grantexTests].map((test) => testOf(test, grantex, host, secrets)),
      ...gravvTests.map((test) => testOf(test, gravv, host, secrets)),
      printed,
    ];
    const about = { runtime: runtime.name, version: runtime.version(), subject: '@hookproof/endpoints' };
    return await runTests(about, tests, host);
  } finally {
    await host.end();
  }
}

interface Provider<Server> {
  readonly name: CallOrder['provider'];
  readonly credential: string;
  readonly start: () => Promise<Server>;
}

const grantiva = { name: 'grantiva', credential: grantivaToken, start: grantivaServer } as const;
const grantex = { name: 'grantex', credential: grantexKey, start: grantexServer } as const;
const gravv = { name: 'gravv', credential: gravvKey, start: gravvServer } as const;

function testOf<Server extends ProviderServer & { readonly secrets: readonly string[] }>(
  [title, run]: EndpointTest<Server>,
  { name, credential, start }: Provider<Server>,
  host: Host,
  secrets: string[],
): Test {
  const withServers = async () => {
    const server = await start();
    const elsewhere = await grantexServer();
    const { baseUrl } = server;
    const call: Given<Server>['call'] = (call, settings) =>
      host.call({ provider: name, baseUrl, credential, maxAttempts: 1, ...settings, ...call });
    const errorOf: Given<Server>['errorOf'] = async (...order) => {
      const { value, error } = await call(...order);
      return error ?? assert.fail(`it did not fail, but returned ${JSON.stringify(value)}`);
    };
    try {
      await run({ server, elsewhere, call, errorOf });
    } finally {
      secrets.push(...server.secrets);
      await Promise.all([server.close(), elsewhere.close()]);
    }
  };
  return [`${name}: ${title}`, withServers];
}

import { type ClientOptions, EndpointError, grantexEndpoints, grantivaEndpoints } from '@hookproof/endpoints';
import { afterEach } from 'vitest';
import { grantexKey, grantexServer, grantivaServer, grantivaToken } from './servers.ts';

type Options = ClientOptions;

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closings.splice(0).map((close) => close()));
});

/** A Grantiva and a client of it that waits for nothing between attempts. */
export async function grantiva(options: Options = {}) {
  const server = await grantivaServer();
  closings.push(server.close);
  const { baseUrl } = server;
  return { server, endpoints: grantivaEndpoints({ baseUrl, token: grantivaToken, backoff: () => 0, ...options }) };
}

/** A Grantex and a client of it that waits for nothing between attempts. */
export async function grantex(options: Options = {}) {
  const server = await grantexServer();
  closings.push(server.close);
  const { baseUrl } = server;
  return { server, endpoints: grantexEndpoints({ baseUrl, apiKey: grantexKey, backoff: () => 0, ...options }) };
}

/** The error of a call that must fail. */
export async function errorOf(call: Promise<unknown>): Promise<EndpointError> {
  const thrown = await call.then(
    (value) => new Error(`it did not fail, but returned ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (thrown instanceof EndpointError) return thrown;
  throw thrown;
}

/** All that it yields. */
export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

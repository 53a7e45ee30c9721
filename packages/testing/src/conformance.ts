/**
 * The conformance suite for adapters: every row of the outcome table, over real sockets, for every built-in provider.
 * Hookproof's own adapters run it, and so can yours. It needs Node's `http` client, and no particular test runner.
 *
 * @module
 */
import { builtInProviders } from '@hookproof/core';
import { checkNames } from '@hookproof/core/strict';
import type { Serve } from './conformance/app.ts';
import { outcomeTests, type Tests } from './conformance/outcomes.ts';
import { throwingTests, wrappedTests } from './conformance/surroundings.ts';
import { consumedTests, decodedTests, pausedTests, transportTests } from './conformance/transport.ts';

export type { Serve, Served } from './conformance/app.ts';

/** The adapter to test, and the runner to test it with. */
export interface AdapterUnderTest {
  /** Stands before the name of every test. */
  readonly name: string;
  /** Registers a test: `test` of vitest, `node:test`, `bun:test` or the like. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /** Starts an app with the adapter. */
  readonly serve: Serve;
  /** Starts an app in which something reads the body before the adapter; without it these tests are skipped visibly. */
  readonly serveConsumed?: Serve | undefined;
  /** Starts an app in which something makes text of the body on its way to the adapter; without it the same. */
  readonly serveDecoded?: Serve | undefined;
  /** Starts an app in which something pauses the request before it comes to the adapter; without it the same. */
  readonly servePaused?: Serve | undefined;
  /** Starts an app that has another function around the adapter's, as APM agents put one there; skipped visibly too. */
  readonly serveWrapped?: Serve | undefined;
  /** Starts an app in which it throws to look for a parsed body, such as `req.body`; skipped visibly too. */
  readonly serveThrowing?: Serve | undefined;
}

/**
 * Registers the conformance tests of an adapter.
 *
 * @throws WebhookError `invalid_options` for a name that is not an option: its tests would be left out
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { test } from 'node:test';
 * import { webhooks } from '@hookproof/express';
 * import { adapterConformance } from '@hookproof/testing/conformance';
 *
 * adapterConformance({
 *   name: 'node:http',
 *   test,
 *   async serve(provider, options) {
 *     const server = createServer(webhooks(provider, { ...options, path: '/hooks' }));
 *     await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
 *     const address = server.address();
 *     const port = typeof address === 'object' ? address?.port : undefined;
 *     return {
 *       url: `http://127.0.0.1:${port}/hooks`,
 *       close: () => new Promise((resolve) => server.close(() => resolve())),
 *     };
 *   },
 * });
 * ```
 */
export function adapterConformance(adapter: AdapterUnderTest): void {
  checkNames<AdapterUnderTest>('adapterConformance', adapter, {
    name: true,
    test: true,
    serve: true,
    serveConsumed: true,
    serveDecoded: true,
    servePaused: true,
    serveWrapped: true,
    serveThrowing: true,
  });
  const { name, test, serve, serveConsumed, serveDecoded, servePaused, serveWrapped, serveThrowing } = adapter;
  for (const make of Object.values(builtInProviders)) {
    const provider = make();
    const register = (tests: Tests) => {
      for (const [title, run] of tests) test(`${name}, ${provider.name}: ${title}`, run);
    };
    register(outcomeTests(serve, provider));
    register(transportTests(serve, provider));
    const registerFor = (special: Serve | undefined, tests: typeof wrappedTests, skipped: string) =>
      register(special === undefined ? [[skipped, async () => undefined]] : tests(special, provider));
    registerFor(serveConsumed, consumedTests, 'body_consumed: skipped, because the adapter gives no serveConsumed');
    registerFor(
      serveDecoded,
      decodedTests,
      'body_consumed by text: skipped, because the adapter gives no serveDecoded',
    );
    registerFor(servePaused, pausedTests, 'handled, though paused: skipped, because the adapter gives no servePaused');
    registerFor(serveWrapped, wrappedTests, 'wrapped: skipped, because the adapter gives no serveWrapped');
    registerFor(serveThrowing, throwingTests, 'a throwing body: skipped, because the adapter gives no serveThrowing');
  }
}

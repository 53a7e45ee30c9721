import type { Way } from './hosts/wire.ts';

/** Where a runtime cannot do what the suite asks. Such a test is run all the same, must fail, and is printed. */
export interface Exception {
  /** How the names of the runtimes begin. */
  readonly runtimes: string;
  readonly way: Way;
  /** The test's name, without adapter and provider. */
  readonly test: string;
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    runtimes: 'Node',
    way: 'core.fetch',
    test: 'handled: the next delivery of a sender that keeps its connection, whatever became of the last',
    reason:
      '@hono/node-server breaks a kept connection without announcing it, after an upload whose stream was not read to its end. A function of Request and Response cannot announce it; @hookproof/hono does.',
  },
];

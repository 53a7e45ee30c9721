/** Where a runtime cannot do what the suite asks. Such a test is run all the same, must fail, and is printed. */
export interface Exception {
  /** How the names of the runtimes begin. */
  readonly runtimes: string;
  /** What is tested: the package, or a function of it. */
  readonly subject: string;
  /** The test's name, without adapter and provider. */
  readonly test: string;
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    runtimes: 'Node',
    subject: '@hookproof/core.fetch',
    test: 'handled: the next delivery of a sender that keeps its connection, whatever became of the last',
    reason:
      '@hono/node-server breaks a kept connection without announcing it, after an upload whose stream was not read to its end. A function of Request and Response cannot announce it; @hookproof/hono does.',
  },
  {
    runtimes: 'Deno',
    subject: '@hookproof/endpoints',
    test: 'a creation whose answer is lost on a kept connection is sent once',
    reason:
      'The fetch of Deno sends any request again, by itself, whose kept connection breaks before the answer (denoland/deno#36415). A fetch with a client of poolMaxIdlePerHost: 0 does not.',
  },
];

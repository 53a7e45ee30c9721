import { type Exception, exceptions } from './exceptions.ts';

/** A test by its name. */
export type Test = readonly [title: string, run: () => Promise<void>];

/** What came of some tests on one runtime. */
export interface Result {
  readonly runtime: string;
  readonly version: string;
  readonly subject: string;
  readonly tests: number;
  readonly passed: number;
  /** Tests that failed as `exceptions.ts` says. */
  readonly excepted: readonly Exception[];
  readonly failures: readonly string[];
  /** What the process wrote to standard error. */
  readonly complaints: string;
  readonly seconds: number;
}

const testTimeoutMs = 20_000;

/** Runs tests one after the other. One for which there is an exception is run too, and must fail. */
export async function runTests(
  about: Pick<Result, 'runtime' | 'version' | 'subject'>,
  tests: readonly Test[],
  process: { readonly complaints: () => string },
): Promise<Result> {
  const started = performance.now();
  const excepted: Exception[] = [];
  const failures: string[] = [];
  for (const [title, run] of tests) {
    const exception = exceptions.find(
      ({ runtimes, subject, test }) =>
        about.runtime.startsWith(runtimes) && about.subject === subject && title.endsWith(`: ${test}`),
    );
    const error = await failureOf(run, testTimeoutMs);
    if (exception !== undefined && error === undefined) failures.push(`${title}\nis an exception, but passes`);
    else if (exception !== undefined) excepted.push(exception);
    else if (error !== undefined) failures.push(`${title}\n${error}`);
  }
  return {
    ...about,
    tests: tests.length,
    passed: tests.length - excepted.length - failures.length,
    excepted,
    failures,
    complaints: process.complaints(),
    seconds: (performance.now() - started) / 1000,
  };
}

/** What went wrong, where something did; a test that has not ended after `ms` milliseconds has failed. */
export async function failureOf(run: () => Promise<void>, ms: number): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${Math.round(ms)} ms`)), ms);
  });
  try {
    await Promise.race([run(), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    clearTimeout(timer);
  }
}

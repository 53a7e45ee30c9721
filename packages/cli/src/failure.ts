import { WebhookError } from '@hookproof/core';
import type { EndpointError } from '@hookproof/endpoints';
import { type ExitCode, exitCode } from './exit-code.ts';

/** What a provider's API said. */
export type FailureDetails = Partial<
  Pick<EndpointError, 'status' | 'providerCode' | 'providerMessage' | 'requestId' | 'retryAfterMs' | 'mayExist'>
>;

/** Ends a command: what went wrong, what to do about it, and the exit code. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;
  /** Stable, for `--json`. */
  readonly code: string;
  readonly fix: string | undefined;
  /** What else is known, for `--json`; for a reader the provider's own words. */
  readonly details: FailureDetails;

  constructor(
    exitCode: ExitCode,
    code: string,
    problem: string,
    options: { fix?: string | undefined; details?: FailureDetails; cause?: unknown } = {},
  ) {
    super(problem, { cause: options.cause });
    this.exitCode = exitCode;
    this.code = code;
    this.fix = options.fix;
    this.details = options.details ?? {};
  }
}

/** The command line is wrong: exit code 2. */
export function usage(problem: string, fix?: string): Failure {
  return new Failure(exitCode.usage, 'usage', problem, { fix });
}

/** Whatever was thrown, as a failure. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof WebhookError) {
    const code = thrown.code === 'invalid_options' ? exitCode.usage : exitCode.failed;
    return new Failure(code, thrown.code, problemOf(thrown), { fix: thrown.fix, cause: thrown });
  }
  return new Failure(exitCode.failed, 'failed', thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
}

/** What a library calls its options, and what they are called on the command line. */
export type Names = readonly (readonly [name: RegExp, onTheCommandLine: string])[];

/** A text of a library in the words of the command line. */
export function inWordsOf(names: Names, text: string): string {
  return names.reduce((rest, [name, ours]) => rest.replace(name, ours), text);
}

/** The message of an error without the fix that it ends with. */
export function problemOf({ fix, message }: WebhookError | EndpointError): string {
  return fix !== undefined && message.endsWith(fix) ? message.slice(0, -fix.length).trimEnd() : message;
}

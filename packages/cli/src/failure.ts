import { WebhookError } from '@hookproof/core';
import { EndpointError } from '@hookproof/endpoints';
import { type ExitCode, exitCode } from './exit-code.ts';

/** What a provider's API said. */
export type FailureDetails = Partial<
  Pick<EndpointError, 'status' | 'providerCode' | 'providerMessage' | 'requestId' | 'retryAfterMs'>
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
    return told(thrown.code === 'invalid_options' ? exitCode.usage : exitCode.failed, thrown);
  }
  if (thrown instanceof EndpointError) {
    const { status, providerCode, providerMessage, requestId, retryAfterMs } = thrown;
    return told(exitCode.failed, thrown, { status, providerCode, providerMessage, requestId, retryAfterMs });
  }
  return new Failure(exitCode.failed, 'failed', thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
}

/** An error whose message ends with the fix. */
function told(code: ExitCode, error: WebhookError | EndpointError, details: FailureDetails = {}): Failure {
  const { fix, message } = error;
  const problem = fix !== undefined && message.endsWith(fix) ? message.slice(0, -fix.length).trimEnd() : message;
  return new Failure(code, error.code, problem, { fix, details, cause: error });
}

import { EndpointError, type EndpointErrorCode, type EndpointErrorDetails } from '../error.ts';

/** Why an attempt failed. */
export interface Failure extends Omit<EndpointErrorDetails, 'attempts' | 'mayExist'> {
  readonly code: EndpointErrorCode;
  readonly problem: string;
  /** Whether the provider may have done what it was asked for. */
  readonly inDoubt: boolean;
}

/** The error that callers see. */
export function errorOf({ code, problem, fix, inDoubt, ...rest }: Failure, attempts: number, isCreate: boolean) {
  const left =
    'The endpoint may exist now, and its secret is not told twice: look with list(), and delete it before you create it again.';
  const mayExist = isCreate && inDoubt;
  return new EndpointError(code, problem, { ...rest, attempts, mayExist, fix: mayExist ? `${fix} ${left}` : fix });
}

import type { EndpointErrorCode } from '../error.ts';
import type { Api, ApiCall } from './api.ts';
import type { Failure } from './failure.ts';
import { providerWords } from './outside-text.ts';

/** A failure for which a status stands. */
export function refusal(api: Api, call: ApiCall<unknown>, status: number, body: string | undefined): Failure {
  const words = providerWords(body, api);
  const failure = (code: EndpointErrorCode, problem: string, fix: string, inDoubt = false): Failure => ({
    ...words,
    code,
    problem: `${problem} (${status}).`,
    fix,
    status,
    inDoubt,
  });
  const { name, fixes } = api;
  // By its code too: Grantex says with a 503 that it cannot count the requests now and so takes none.
  if (status === 429 || /^RATE_LIMIT/.test(words.providerCode ?? '')) {
    const fix = 'Call again after retryAfterMs, or in a minute where that is undefined.';
    return failure('rate_limited', `${name} takes no more requests for now`, fix);
  }
  switch (status) {
    case 401:
      return failure('unauthorized', `${name} did not accept the credentials`, fixes.unauthorized);
    case 402:
      return failure('plan_limit_exceeded', `The plan at ${name} does not allow this`, fixes.planLimit);
    case 403:
      if (/\b(plan|tier|limit|upgrade)/i.test(`${words.providerCode} ${words.providerMessage}`)) {
        return failure('plan_limit_exceeded', `The plan at ${name} does not allow this`, fixes.planLimit);
      }
      return failure('forbidden', `${name} does not allow this to these credentials`, fixes.forbidden);
    case 404:
      if (call.names !== undefined) {
        return failure('not_found', `${name} has no ${call.names.what} with this id`, call.names.fix);
      }
      return call.ofEndpoint
        ? failure(
            'not_found',
            `${name} has no endpoint with this id`,
            'Look with list(): it may be deleted, or belong to another account.',
          )
        : failure(
            'not_found',
            `${name} has nothing at this address`,
            'Check baseUrl: the path of the API is added to it.',
          );
    case 408:
      return failure('timed_out', `${name} did not get the request in time`, 'Call again.', true);
    case 409:
      return failure('conflict', `At ${name} something stands against this`, 'Look with list(), and call again.');
    case 413:
      return failure('invalid_request', `The request is too large for ${name}`, 'Give fewer events or shorter texts.');
    case 415:
      return failure(
        'invalid_request',
        `${name} did not get JSON`,
        'It was sent: look for what changes requests on their way, such as a proxy or the fetch option.',
      );
    default:
      if (status >= 500 && status <= 599) {
        return failure('server_error', `${name} failed`, `Call again later; give requestId to its support.`, true);
      }
      if (status >= 400 && status <= 499) {
        const says = 'providerMessage says more, where there is one.';
        const check = call.body === undefined ? 'Check the arguments:' : (fixes.refused ?? 'Check url and events:');
        return failure('invalid_request', `${name} refused the request`, call.refused ?? `${check} ${says}`);
      }
      return failure(
        'unexpected_response',
        `${name} answered with a status that its API does not have`,
        notTheApi,
        true,
      );
  }
}

/** What to do where an answer is none of the API's. */
export const notTheApi = 'Check baseUrl, and look for a proxy or a login page that answers in its place.';

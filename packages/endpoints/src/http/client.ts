import type { EndpointErrorCode } from '../error.ts';
import { type CallOptions, checkCall, delayAfter, type Settings } from '../options.ts';
import { pause } from '../pause.ts';
import type { Api, ApiCall } from './api.ts';
import { aborted, attempt } from './attempt.ts';
import { errorOf, type Failure } from './failure.ts';

/** Makes a call, with its retries; throws an {@link EndpointError}. */
export type Send = <T>(call: ApiCall<T>, options: CallOptions | undefined) => Promise<T>;

/** What may be over at the next attempt. */
export const temporary: ReadonlySet<EndpointErrorCode> = new Set([
  'rate_limited',
  'server_error',
  'timed_out',
  'network_error',
]);

/** A provider that asks for more is not waited for: the caller is told instead. */
const longestWaitMs = 60_000;

/** A way to call an API. */
export function createClient(api: Api, settings: Settings): Send {
  const { maxAttempts, backoff } = settings;
  const turn = turns(settings.requestsPerSecond);

  return async function send<T>(call: ApiCall<T>, options: CallOptions = {}): Promise<T> {
    const signal = checkCall(options);
    const isCreate = call.method === 'POST' && call.sends === undefined;
    const isOnce = isCreate || call.sends === 'once';
    let inDoubt = false;
    for (let attempts = 1; ; attempts += 1) {
      await turn(signal);
      if (signal?.aborted) throw errorOf({ ...aborted(api, signal), inDoubt }, attempts - 1, isCreate);
      const result = await attempt(api, call, settings, signal);
      if (result.failure === undefined) return result.value;
      const { failure } = result;
      // An earlier attempt, whose answer was lost, has deleted it.
      if (call.method === 'DELETE' && failure.status === 404 && inDoubt) return call.answer.parse(undefined);
      inDoubt ||= failure.inDoubt;
      if (isOnce || attempts >= maxAttempts || !isWorthwhile(failure)) throw errorOf(failure, attempts, isCreate);
      await pause(Math.max(delayAfter(attempts, backoff), failure.retryAfterMs ?? 0), signal);
    }
  };
}

function isWorthwhile({ code, retryAfterMs = 0 }: Failure): boolean {
  return temporary.has(code) && retryAfterMs <= longestWaitMs;
}

/** Lets requests begin one after the other, so many in a second. */
function turns(perSecond: number): (signal: AbortSignal | undefined) => Promise<void> {
  let next = 0;
  return async (signal) => {
    const now = performance.now();
    const at = Math.max(now, next);
    next = at + 1_000 / perSecond;
    if (at > now) await pause(at - now, signal);
  };
}

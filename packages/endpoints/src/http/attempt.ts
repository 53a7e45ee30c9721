import type * as z from 'zod';
import type { FetchInit, FetchResponse, Settings } from '../options.ts';
import type { Api, ApiCall } from './api.ts';
import { type BodyText, readText } from './body.ts';
import type { Failure } from './failure.ts';
import { networkCause, parseJson } from './outside-text.ts';
import { notTheApi, refusal } from './refusal.ts';
import { retryAfterMs } from './retry-after.ts';

/** What became of one attempt. */
export type Attempt<T> =
  | { readonly failure: Failure; readonly value?: undefined }
  | { readonly failure?: undefined; readonly value: T };

/** Codes of connections that were never made, so that nothing can have been done. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ConnectionRefused',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_PROXY_TUNNEL',
]);

/** Sends a request once and reads its answer; never throws. */
export async function attempt<T>(
  api: Api,
  call: ApiCall<T>,
  { fetch, timeoutMs }: Settings,
  signal: AbortSignal | undefined,
): Promise<Attempt<T>> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  // Raced against, because a fetch of the user's need not listen to its signal.
  const stopped = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });
  stopped.catch(() => undefined);
  try {
    const response = await Promise.race([
      fetch(api.baseUrl.prefix + call.path, request(api, call, controller.signal)),
      stopped,
    ]);
    return await read(api, call, response, stopped, signal);
  } catch (thrown) {
    if (signal?.aborted) return { failure: aborted(api, signal) };
    return { failure: controller.signal.aborted ? timedOut(api, timeoutMs) : unreachable(api, thrown) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function request({ credential }: Api, { method, body }: ApiCall<unknown>, signal: AbortSignal): FetchInit {
  // The credential would go with a redirect, so none is followed.
  const init = { method, redirect: 'manual', signal } as const;
  const headers = { ...credential.headers, accept: 'application/json' };
  if (body === undefined) return { ...init, headers };
  return { ...init, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

async function read<T>(
  api: Api,
  call: ApiCall<T>,
  response: FetchResponse,
  stopped: Promise<never>,
  signal: AbortSignal | undefined,
): Promise<Attempt<T>> {
  const { status } = response;
  if (response.redirected || response.type === 'opaqueredirect' || (status >= 300 && status <= 399)) {
    discard(response);
    const problem = 'the answer is a redirect, which is not followed because the credentials would go with it';
    return { failure: { ...unexpected(api, problem, status), inDoubt: response.redirected } };
  }
  if (status < 200 || status > 299) {
    // The status tells the most: a body that cannot be read is left out.
    const body = await readText(response.body, stopped).catch((thrown: unknown): BodyText => {
      if (signal?.aborted) throw thrown;
      return { problem: 'cannot be read' };
    });
    const failure = refusal(api, call, status, body.text);
    return { failure: { ...failure, retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()) } };
  }
  if (call.method === 'DELETE') {
    discard(response);
    return parsed(api, call, undefined, status);
  }
  const body = await readText(response.body, stopped);
  if (body.text === undefined) return { failure: unexpected(api, `the body of the answer ${body.problem}`, status) };
  const json = parseJson(body.text);
  if (json === undefined) return { failure: unexpected(api, 'the body of the answer is not JSON', status) };
  return parsed(api, call, json, status);
}

function parsed<T>(api: Api, { answer }: ApiCall<T>, json: unknown, status: number): Attempt<T> {
  const result = answer.safeParse(json);
  if (result.success) return { value: result.data };
  // Paths hold the names of our schema and positions alone; messages could be of a locale that quotes values.
  const path = pathOf(result.error.issues[0]?.path ?? []);
  const what = path === '' ? 'the body of the answer' : `${path} in the answer`;
  return { failure: unexpected(api, `${what} is missing or of another kind than documented`, status) };
}

function pathOf(path: z.core.$ZodIssue['path']): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '');
}

function discard({ body }: FetchResponse): void {
  body?.cancel().catch(() => undefined);
}

function unexpected(api: Api, problem: string, status: number): Failure {
  return {
    code: 'unexpected_response',
    problem: `${api.name} did not answer as its API does: ${problem} (${status}).`,
    fix: notTheApi,
    status,
    inDoubt: true,
  };
}

function timedOut({ name, baseUrl }: Api, timeoutMs: number): Failure {
  return {
    code: 'timed_out',
    problem: `${name} did not answer in timeoutMs (${timeoutMs} ms).`,
    fix: `Check that ${baseUrl.host} can be reached from here, or raise timeoutMs.`,
    inDoubt: true,
  };
}

function unreachable(api: Api, thrown: unknown): Failure {
  const cause = networkCause(thrown, api);
  const code = cause?.code;
  return {
    code: 'network_error',
    problem: `The connection to ${api.name} failed${code === undefined ? '' : ` (${code})`}.`,
    fix: `Check that ${api.baseUrl.host} can be reached from here: name, port, proxy, certificate.`,
    cause,
    inDoubt: code === undefined || !neverSent.has(code),
  };
}

/** The failure of a call that its caller stopped. */
export function aborted({ name }: Api, { reason }: AbortSignal): Failure {
  return {
    code: 'aborted',
    problem: `The call to ${name} was stopped by its signal.`,
    fix: 'The cause of this error is the reason of the signal.',
    cause: reason,
    inDoubt: true,
  };
}

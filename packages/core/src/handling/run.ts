import { WebhookError } from '../error.ts';
import type { WebhookEvent } from '../event/event.ts';
import { printable } from '../printable.ts';
import { isThenable } from '../timing/awaitable.ts';
import { type EventContext, timeoutOf } from './context.ts';
import type { Handler, HandlerContext } from './handlers.ts';

/** Handlers of which one did not return at once. */
export interface HandlerRun {
  /** What became of them in the end, even after the timeout: rejects with what one of them threw. */
  readonly settled: Promise<unknown>;
  /** Gives the handlers up before their time. */
  readonly abort: (error: WebhookError) => void;
  /** Ends the timer. */
  readonly stop: () => void;
}

type Run<Request> = readonly Handler<WebhookEvent, Request>[];

/**
 * Runs handlers one after the other. Where all of them return at once there is nothing to wait for, no timer and no
 * promise, and it returns undefined.
 *
 * @param onAbort called once when `timeoutMs` is over, or the run is given up before
 * @throws WebhookError `handler_failed` where one throws before any has to be waited for
 */
export function runHandlers<Request>(
  handlers: Run<Request>,
  event: WebhookEvent,
  context: EventContext<Request>,
  timeoutMs: number,
  onAbort: (error: WebhookError) => void,
): HandlerRun | undefined {
  for (let index = 0; index < handlers.length; index++) {
    const returned = call(handlers[index], event, context);
    if (!isThenable(returned)) continue;
    const rest = handlers.slice(index + 1);
    const first = Promise.resolve(returned);
    const settled = rest.length === 0 ? first : first.then(() => runRest(rest, event, context));
    const abort = (error: WebhookError) => {
      timeoutOf(context).abort(error);
      onAbort(error);
    };
    const stop = unlessSoon(timeoutMs, () => abort(handlerTimeout(event, context, timeoutMs)));
    return { settled, abort, stop };
  }
  return undefined;
}

/**
 * Calls what is to happen after so many milliseconds, and returns what stops it. The timer begins two microtasks later: by
 * then most functions are at their end that wait for nothing, and a timer takes longer than they do.
 */
function unlessSoon(ms: number, call: () => void): () => void {
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    if (!isStopped) timer = setTimeout(call, ms);
  };
  void Promise.resolve().then(noop).then(begin);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

function noop(): void {}

const sooner = 'Answer sooner and do the long work elsewhere, or give the receiver an inbox.';
const longer = 'Do less in one handler, or raise timeoutMs of the inbox.';

function handlerTimeout(event: WebhookEvent, { attempt }: HandlerContext, timeoutMs: number): WebhookError {
  const what = `The handlers for "${printable(event.type)}" did not finish within timeoutMs (${timeoutMs} ms).`;
  return new WebhookError('handler_timeout', what, { fix: attempt === undefined ? sooner : longer });
}

async function runRest<Request>(
  rest: Run<Request>,
  event: WebhookEvent,
  context: EventContext<Request>,
): Promise<void> {
  for (const handler of rest) {
    const timeout = timeoutOf(context);
    if (timeout.aborted) throw timeout.signal.reason;
    await handler(event, context);
  }
}

function call<Request>(
  handler: Handler<WebhookEvent, Request> | undefined,
  event: WebhookEvent,
  context: EventContext<Request>,
): unknown {
  try {
    return handler?.(event, context);
  } catch (cause) {
    throw handlerFailed(event, context, cause);
  }
}

/** The error of a handler that threw. */
export function handlerFailed(event: WebhookEvent, { attempt }: HandlerContext, cause: unknown): WebhookError {
  return new WebhookError('handler_failed', `A handler for "${printable(event.type)}" failed.`, {
    cause,
    fix: `The cause of this error is what it threw.${attempt === undefined ? ' The provider will try again.' : ''}`,
  });
}

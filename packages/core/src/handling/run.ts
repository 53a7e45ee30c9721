import { WebhookError } from '../error.ts';
import type { WebhookEvent } from '../event/event.ts';
import { LazySignal } from '../timing/lazy-signal.ts';
import type { Handler, HandlerContext } from './handlers.ts';

/** Handlers at work. */
export interface HandlerRun {
  /** What became of them in the end, even after the timeout: rejects with `handler_failed` when one fails. */
  readonly settled: Promise<void>;
  /** Rejects with `handler_timeout` when `timeoutMs` is over. */
  readonly late: Promise<never>;
  /** Ends the timer. */
  readonly stop: () => void;
  /** Gives the handlers up before their time. */
  readonly abort: (error: WebhookError) => void;
}

const sooner = 'Answer sooner and do the long work elsewhere, or give the receiver an inbox.';
const longer = 'Do less in one handler, or raise timeoutMs of the inbox.';

/** Runs handlers one after the other. */
export function runHandlers<Request>(
  handlers: readonly Handler<WebhookEvent, Request>[],
  event: WebhookEvent,
  context: Omit<HandlerContext<Request>, 'signal'>,
  timeoutMs: number,
): HandlerRun {
  const timeout = new LazySignal();
  let reject: (error: WebhookError) => void;
  const late = new Promise<never>((_resolve, rejectLate) => {
    reject = rejectLate;
  });
  const abort = (error: WebhookError) => {
    reject(error);
    timeout.abort(error);
  };
  const timer = setTimeout(() => {
    const what = `The handlers for ${JSON.stringify(event.type)} did not finish within timeoutMs (${timeoutMs} ms).`;
    abort(new WebhookError('handler_timeout', what, { fix: context.attempt === undefined ? sooner : longer }));
  }, timeoutMs);
  const withSignal: HandlerContext<Request> = {
    ...context,
    get signal() {
      return timeout.signal;
    },
  };
  return { settled: runInOrder(handlers, event, withSignal, timeout), late, stop: () => clearTimeout(timer), abort };
}

async function runInOrder<Request>(
  handlers: readonly Handler<WebhookEvent, Request>[],
  event: WebhookEvent,
  context: HandlerContext<Request>,
  timeout: LazySignal,
): Promise<void> {
  for (const handler of handlers) {
    if (timeout.aborted) throw timeout.signal.reason;
    try {
      await handler(event, context);
    } catch (cause) {
      throw new WebhookError('handler_failed', `A handler for ${JSON.stringify(event.type)} failed.`, {
        cause,
        fix: `The cause of this error is what it threw.${context.attempt === undefined ? ' The provider will try again.' : ''}`,
      });
    }
  }
}

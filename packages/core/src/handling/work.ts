import { WebhookError } from '../error.ts';
import { checkData, readEnvelope } from '../event/envelope.ts';
import { owned, readKey } from '../event/key.ts';
import { printable } from '../printable.ts';
import { namedOwner } from '../proof/authenticate.ts';
import { signedId } from '../proof/signature.ts';
import type { Provider } from '../provider.ts';
import { inTime } from '../timing/in-time.ts';
import { EventContext } from './context.ts';
import type { HandlerLookup } from './handlers.ts';
import type { Attempt } from './inbox.ts';
import type { Progress } from './progress.ts';
import { handlerFailed, runHandlers } from './run.ts';

/** Handlers that were told to stop have this long to do so, in milliseconds; then a retry may run beside them. */
const graceMs = 5_000;

/** Reads a stored delivery anew and runs its handlers; throws why the attempt failed. */
export async function attemptDelivery<Request>(
  provider: Provider,
  handlersFor: HandlerLookup<Request>,
  attempt: Attempt,
  progress: Progress<Request>,
): Promise<void> {
  const { timeoutMs, receivedAt, complete } = attempt;
  const { headers } = progress;
  const read = readEnvelope(provider, progress, signedId(provider.signature, headers));
  progress.event = read;
  progress.deliveryId = provider.deliveryId(headers);
  progress.owner = namedOwner(attempt.owner);
  if (attempt.failure !== undefined) throw attempt.failure;
  const handlers = handlersFor(read.type);
  if (handlers.length === 0) {
    throw new WebhookError('no_handler', `No handler is there for "${printable(read.type)}" any more.`, {
      fix: 'Add one and replay the delivery, or discard it. It is tried again, because a new version may be on its way.',
    });
  }
  const event = checkData(provider, read);
  progress.event = event;
  const key = await readKey(provider, event, progress, timeoutMs);
  progress.key = key && (await owned(attempt.owner, key));
  if (attempt.signal.aborted) throw closing(attempt.signal.reason);
  const context = new EventContext({ progress, attempt: attempt.attempt, receivedAt, complete });
  let aborted: WebhookError | undefined;
  let giveUp: (error: WebhookError) => void = () => undefined;
  const run = runHandlers(handlers, event, context, timeoutMs, (error) => {
    aborted = error;
    giveUp(error);
  });
  if (run === undefined) return;
  const abort = () => run.abort(closing(attempt.signal.reason));
  attempt.signal.addEventListener('abort', abort);
  try {
    await new Promise<void>((resolve, reject) => {
      giveUp = reject;
      run.settled.then(
        () => resolve(),
        (cause) => reject(handlerFailed(event, context, cause)),
      );
    });
  } catch (error) {
    if (aborted === undefined) throw error;
    await untilGivenUp(run.settled, aborted);
  } finally {
    run.stop();
    attempt.signal.removeEventListener('abort', abort);
  }
}

/** Waits a little longer for handlers whose time is over: what they still finish need not be done again. */
async function untilGivenUp(settled: Promise<unknown>, aborted: WebhookError): Promise<void> {
  try {
    await inTime(settled, graceMs, () => new Error('still running'));
  } catch {
    throw aborted;
  }
}

function closing(reason: unknown): WebhookError {
  if (reason instanceof WebhookError) return reason;
  return new WebhookError('handler_timeout', 'The inbox was closed while the handlers were at work.', {
    fix: 'The event will be tried again.',
  });
}

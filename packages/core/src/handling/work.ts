import { WebhookError } from '../error.ts';
import { checkData, readEnvelope } from '../event/envelope.ts';
import type { Facts } from '../event/facts.ts';
import { readKey } from '../event/key.ts';
import { signedId } from '../proof/signature.ts';
import type { Provider } from '../provider.ts';
import { inTime } from '../timing/in-time.ts';
import type { HandlerLookup } from './handlers.ts';
import type { Attempt } from './inbox.ts';
import { type HandlerRun, runHandlers } from './run.ts';

/** Handlers that were told to stop have this long to do so, in milliseconds; then a retry may run beside them. */
const graceMs = 5_000;

/** Reads a stored delivery anew and runs its handlers; throws why the attempt failed. */
export async function workOff<Request>(
  provider: Provider,
  handlersFor: HandlerLookup<Request>,
  request: Request,
  attempt: Attempt,
  facts: Facts,
): Promise<void> {
  const { headers, body, timeoutMs, receivedAt, complete } = attempt;
  const read = readEnvelope(provider, body, headers, signedId(provider.signature, headers));
  facts.event = read;
  if (attempt.failure !== undefined) throw attempt.failure;
  const handlers = handlersFor(read.type);
  if (handlers.length === 0) {
    throw new WebhookError('no_handler', `No handler is there for ${JSON.stringify(read.type)} any more.`, {
      fix: 'Add one and replay the delivery, or discard it. It is tried again, because a new version may be on its way.',
    });
  }
  const event = checkData(provider, read);
  const delivery = { headers, body, id: provider.deliveryId(headers) };
  const late = () =>
    new WebhookError('handler_timeout', `The key of ${provider.name} took longer than ${timeoutMs} ms.`);
  const key = await inTime(readKey(provider, event, delivery), timeoutMs, late);
  facts.key = key;
  if (attempt.signal.aborted) throw closing(attempt.signal.reason);
  const context = { delivery, key, request, attempt: attempt.attempt, receivedAt, complete };
  const run = runHandlers(handlers, event, context, timeoutMs);
  const abort = () => run.abort(closing(attempt.signal.reason));
  attempt.signal.addEventListener('abort', abort);
  try {
    await ended(run);
  } finally {
    run.stop();
    attempt.signal.removeEventListener('abort', abort);
  }
}

/** Waits for handlers, and for those that are late a little longer: what they still finish need not be done again. */
async function ended(run: HandlerRun): Promise<void> {
  let late: WebhookError | undefined;
  run.late.catch((error: WebhookError) => {
    late = error;
  });
  try {
    await Promise.race([run.settled, run.late]);
  } catch (error) {
    if (late === undefined) throw error;
    try {
      await inTime(run.settled, graceMs, () => new Error('still running'));
    } catch {
      throw late;
    }
  }
}

function closing(reason: unknown): WebhookError {
  if (reason instanceof WebhookError) return reason;
  return new WebhookError('handler_timeout', 'The inbox was closed while the handlers were at work.', {
    fix: 'The event will be tried again.',
  });
}

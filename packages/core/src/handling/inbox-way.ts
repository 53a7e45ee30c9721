import { arrivedHeaders } from '../bytes/headers.ts';
import { invalid, unexpected, WebhookError } from '../error.ts';
import type { Provider } from '../provider.ts';
import { accepting, type Lane } from './accept.ts';
import { compileHandlers, type HandlerLookup } from './handlers.ts';
import type { Attempt, Inbox, InboxWay, ReceiverSide, TakenAttempt } from './inbox.ts';
import { Progress } from './progress.ts';
import { attemptDelivery } from './work.ts';

/**
 * The way of a receiver with an inbox: whoever makes an {@link Inbox} of their own gives it this as `way`.
 *
 * @example
 * ```ts
 * import type { Inbox } from '@hookproof/core';
 * import { inboxWay } from '@hookproof/core/inbox';
 *
 * export function withWay(store: Omit<Inbox, 'way'>): Inbox {
 *   return { ...store, way: inboxWay };
 * }
 * ```
 */
export const inboxWay: InboxWay = {
  check(inbox, { lane, dedupe }, provider) {
    if (dedupe !== undefined) {
      throw invalid('dedupe has no use beside inbox, which remembers what it has stored: leave dedupe out');
    }
    if (lane === undefined) return;
    if (!isLane(lane)) throw invalid('lane must be a function of the event that returns text or undefined');
    if (!inbox.lanes) {
      throw invalid(
        `lane was given for ${provider.name}, but this inbox cannot keep the order of events: leave lane out, or use sqliteInbox or postgresInbox`,
      );
    }
  },
  connect<Request>(inbox: Inbox, { on, lane, observe, ...receiver }: ReceiverSide<Request>) {
    const { provider, name } = receiver;
    const handlersFor = compileHandlers<Request>(provider, on);
    const way = accepting({ ...receiver, inbox, lane: isLane(lane) ? lane : undefined, handlersFor });
    inbox.register({ name, work: (attempt) => observe(() => takeAttempt(provider, handlersFor, attempt)) });
    return way;
  },
};

/** Takes a stored delivery to its handlers, and has the inbox record what became of it. */
async function takeAttempt<Request>(
  provider: Provider,
  handlersFor: HandlerLookup<Request>,
  attempt: Attempt,
): Promise<TakenAttempt<Request>> {
  const { id, headers, body } = attempt;
  const progress = new Progress<Request>({ headers, body }, performance.now());
  progress.headers = arrivedHeaders(headers);
  progress.body = body;
  progress.isRead = true;
  progress.inboxId = id;
  let failure: WebhookError | undefined;
  try {
    await attemptDelivery(provider, handlersFor, attempt, progress);
  } catch (thrown) {
    failure = thrown instanceof WebhookError ? thrown : unexpected(thrown);
  }
  const { outcome, error } = await attempt.settle(failure);
  return { outcome, error, attempt: attempt.attempt, progress };
}

function isLane(lane: unknown): lane is Lane {
  return typeof lane === 'function';
}

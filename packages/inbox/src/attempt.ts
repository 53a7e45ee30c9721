import { type Awaitable, WebhookError, type WorkOutcome } from '@hookproof/core';
import type { Attempt, InboxReceiver, Settled } from '@hookproof/core/inbox';
import { delayAfter } from './backoff.ts';
import type { Ending, Engine, Lease } from './engine.ts';
import type { Settings } from './options.ts';

/** What cannot get better by trying again. A handler that is missing can: where a new version is being rolled out. */
const permanent: ReadonlySet<string> = new Set(['invalid_event', 'invalid_body', 'worker_lost']);

/** Milliseconds between tries to record an attempt while the store fails. */
const recordAgainMs = 1_000;

/** A delivery that this process works on. */
export interface Running {
  readonly lease: Lease;
  /** Stops its handlers, because the lease may be lost. */
  readonly stop: (error: WebhookError) => void;
  /** Stops its handlers because the inbox wants to end, and no longer waits for a store that fails. */
  readonly end: (error: WebhookError) => void;
  /** Whether its handler has recorded it in a transaction of its own. */
  readonly isCompleted: () => boolean;
  readonly ended: Promise<WorkOutcome>;
}

/** Hands a leased delivery to its receiver, and records what becomes of it; calls `handlersEnded` in between. */
export function startAttempt<Completed extends Awaitable<void>>(
  lease: Lease,
  receiver: InboxReceiver<(transaction: object) => Completed>,
  engine: Engine<boolean, Completed>,
  settle: (lease: Lease, ending: Ending) => Promise<boolean>,
  handlersEnded: () => void,
  settings: Settings,
): Running {
  const { maxAttempts, timeoutMs } = settings;
  const { id, owner, headers, body, attempt, receivedAt } = lease;
  const stopping = new AbortController();
  const closing = new AbortController();
  let completed = false;

  const work: Attempt<(transaction: object) => Completed> = {
    id,
    owner,
    headers,
    body,
    attempt,
    receivedAt,
    timeoutMs,
    signal: stopping.signal,
    failure: attempt > maxAttempts && lease.afterLoss ? workerLost(attempt - 1) : undefined,
    complete: (transaction) =>
      engine.complete(lease, transaction, () => {
        completed = true;
      }),
    async settle(error) {
      handlersEnded();
      try {
        if (completed) return await settleCompleted(error);
        return await record(endingOf(error), error);
      } catch (cause) {
        return { outcome: 'retried', error: unrecorded(error, cause) };
      }
    },
  };

  /** The handler's own transaction decides, whatever the handler says: it may have been rolled back. */
  async function settleCompleted(error: WebhookError | undefined): Promise<Settled> {
    const stored = await untilStored(() => engine.get(id));
    if (stored === undefined || stored.state === 'handled') return { outcome: 'handled', error };
    return record(endingOf(error ?? notCommitted()), error ?? notCommitted());
  }

  async function record(ending: Ending, error: WebhookError | undefined): Promise<Settled> {
    if (await untilStored(() => settle(lease, ending))) return { outcome: ending.outcome, error };
    // An answer of the store that never came may have been a yes, and a handler's transaction may end late.
    const stored = await untilStored(() => engine.get(id));
    if (stored?.attempts === attempt) {
      if (completed && stored.state === 'handled') return { outcome: 'handled', error };
      if (stored.state === (ending.outcome === 'retried' ? 'waiting' : ending.outcome)) {
        return { outcome: ending.outcome, error };
      }
    }
    return { outcome: 'retried', error: leaseLost(error) };
  }

  function endingOf(error: WebhookError | undefined): Ending {
    if (error === undefined) return { outcome: 'handled' };
    const told = { code: error.code, message: messageOf(error) };
    // An attempt that the inbox itself has cut short is not the delivery's fault.
    if (closing.signal.aborted) return { outcome: 'retried', error: told, delayMs: 0 };
    if (stopping.signal.aborted) return { outcome: 'retried', error: told, delayMs: delayAfter(attempt, settings) };
    if (permanent.has(error.code) || attempt >= maxAttempts) return { outcome: 'dead', error: told };
    return { outcome: 'retried', error: told, delayMs: delayAfter(attempt, settings) };
  }

  /** A store that fails gets time to come back, because what was done must not be done again. */
  async function untilStored<T>(ask: () => Awaitable<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (closing.signal.aborted) throw error;
        settings.onError(error);
        await pause(recordAgainMs, closing.signal);
      }
    }
  }

  return {
    lease,
    stop: (error) => stopping.abort(error),
    end(error) {
      closing.abort(error);
      stopping.abort(error);
    },
    isCompleted: () => completed,
    // Not at once: first its caller notes that it has begun.
    ended: Promise.resolve(work).then((one) => receiver.work(one)),
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** What the operator will want to read of an error: what the handler threw, where it threw. */
function messageOf({ message, cause }: WebhookError): string {
  // Without NUL, which Postgres refuses.
  const text = (cause === undefined ? message : textOf(cause)).replaceAll('\0', '');
  return text.length <= 1_000 ? text : `${text.slice(0, 999)}…`;
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'What was thrown has no text.';
  }
}

function workerLost(attempts: number): WebhookError {
  return new WebhookError('worker_lost', `Each of ${attempts} attempts ended with the worker, the last one silently.`, {
    fix: 'Does its handler end the process or block its event loop? Correct it and replay the delivery.',
  });
}

function notCommitted(): WebhookError {
  return new WebhookError('not_committed', 'The handler called complete(), but its transaction was not committed.', {
    fix: 'Commit it before the handler returns, or let the handler throw.',
  });
}

function leaseLost(cause: WebhookError | undefined): WebhookError {
  return new WebhookError('lease_lost', 'Another worker has this delivery, because this one was silent for too long.', {
    ...(cause && { cause }),
    fix: 'The event may be handled twice. Is the event loop blocked for longer than leaseMs?',
  });
}

function unrecorded(error: WebhookError | undefined, cause: unknown): WebhookError {
  const what = error === undefined ? 'The event was handled, but' : `The attempt failed (${error.code}), and`;
  return new WebhookError('inbox_unavailable', `${what} the inbox could not record it: it will be tried again.`, {
    cause,
    fix: 'The cause of this error is what the store threw.',
  });
}

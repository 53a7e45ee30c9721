import { type Inbox, WebhookError } from '@hookproof/core';
import { inTime } from '@hookproof/core/inbox';
import { checkNames } from '@hookproof/core/strict';
import { type ListeningServer, trackConnections } from './connections.ts';
import { guarded, invalid, logError, milliseconds } from './options.ts';

export type { ListeningServer } from './connections.ts';

/** Options of {@link gracefulShutdown}. */
export interface ShutdownOptions {
  /** What to close when the last connection is closed; none by default. */
  readonly inboxes?: readonly Pick<Inbox, 'close'>[] | undefined;
  /** Milliseconds for all of it; 25,000 by default, which is below the 30 s after which Kubernetes kills. */
  readonly maxMs?: number | undefined;
  /**
   * Milliseconds for requests under way to be answered; then their connections are cut, and senders try again. 5,000 by
   * default, or a fifth of `maxMs` where that is less. What is left of `maxMs` is for handlers.
   */
  readonly graceMs?: number | undefined;
  /**
   * Signals that begin it, such as `['SIGTERM', 'SIGINT']`; none by default. A second one ends the process at once, as does
   * the end of `maxMs` where something else keeps it alive.
   */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** Called when the inboxes are closed, to end pools and handles of yours. */
  readonly afterClose?: (() => unknown) | undefined;
  /** Called with what failed or did not end in time; `console.error` by default. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Milliseconds at the end that are kept for `afterClose`. */
const afterCloseMs = 1_000;

/**
 * Prepares a server to shut down so that nothing that was answered with 2xx is left behind, and within a time. Call it when the
 * server is made: connections from before would not be known.
 *
 * It stops the listening, closes connections without a request at once and others when their request is answered, cuts
 * what is left after `graceMs`, closes the inboxes, which waits for their handlers, and calls `afterClose`.
 *
 * @param servers a server of `node:http`, `node:https` or `node:http2`, which is also what Express's `app.listen()`,
 *   Fastify's `app.server` and Hono's `serve()` give; several in a list, and an empty one for a process that only works
 * @param options see {@link ShutdownOptions} for each option, its unit and its default
 * @returns a function that shuts down, and resolves when all is closed, after `maxMs` at the latest; it never rejects, and
 *   each call gives the same promise
 * @throws WebhookError `invalid_options` when an option is wrong
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { grantexWebhooks } from '@hookproof/express';
 * import { gracefulShutdown } from '@hookproof/inbox';
 * import { sqliteInbox } from '@hookproof/inbox/sqlite';
 *
 * const inbox = sqliteInbox({ path: 'webhooks.db' });
 * const secret = process.env.GRANTEX_SECRET ?? '';
 * const server = createServer(grantexWebhooks({ secret, inbox, on: { '*': ({ type }) => console.log(type) } }));
 * gracefulShutdown(server, { inboxes: [inbox], signals: ['SIGTERM', 'SIGINT'] });
 * server.listen(3000);
 * ```
 */
export function gracefulShutdown(
  servers: ListeningServer | readonly ListeningServer[],
  options: ShutdownOptions = {},
): () => Promise<void> {
  const { inboxes, maxMs, graceMs, signals, afterClose, onError } = checkShutdown(options);
  const closers = [servers].flat().map((server) => trackConnections(checkServer(server)));
  let ending: Promise<void> | undefined;

  /** Waits for a step, but not longer than the time; what it throws is said. */
  async function step(what: string, ms: number, run: () => unknown): Promise<void> {
    try {
      await inTime(Promise.resolve(run()), ms, () => tooLate(what, maxMs));
    } catch (error) {
      onError(error);
    }
  }

  async function shutDown(): Promise<void> {
    const until = performance.now() + maxMs;
    const left = () => Math.max(1, until - performance.now());
    await step('The server', left(), () => Promise.all(closers.map((close) => close(graceMs))));
    const handlersMs = Math.max(1, left() - Math.min(afterCloseMs, maxMs / 10));
    await Promise.all(inboxes.map((inbox) => step('An inbox', left(), () => inbox.close({ maxMs: handlersMs }))));
    await step('afterClose', left(), () => afterClose?.());
  }

  function once(): Promise<void> {
    ending ??= shutDown();
    return ending;
  }

  function onSignal(): void {
    // What is left is what Node does by itself: it ends the process.
    for (const signal of signals) process.off(signal, onSignal);
    // Only where something else keeps the process alive.
    setTimeout(() => process.exit(), maxMs).unref();
    void once();
  }
  for (const signal of signals) process.on(signal, onSignal);
  return once;
}

function tooLate(what: string, maxMs: number): WebhookError {
  return new WebhookError('inbox_unavailable', `${what} did not close before the end of the shutdown (${maxMs} ms).`, {
    fix: 'Give it more time by maxMs, and your platform more time before it kills. What was stored is handled after the next start.',
  });
}

function checkServer(server: ListeningServer): ListeningServer {
  if (typeof server?.close === 'function' && typeof server.prependListener === 'function') return server;
  throw invalid(
    'gracefulShutdown takes a server of node:http, node:https or node:http2, such as app.server of Fastify',
  );
}

function checkShutdown(options: ShutdownOptions) {
  const given = checkNames<ShutdownOptions>('gracefulShutdown', options, {
    inboxes: true,
    maxMs: true,
    graceMs: true,
    signals: true,
    afterClose: true,
    onError: true,
  });
  const { inboxes = [], signals = [], afterClose, onError = logError('the shutdown') } = given;
  for (const [name, list] of Object.entries({ inboxes, signals })) {
    if (!Array.isArray(list)) throw invalid(`${name} must be a list`);
  }
  for (const [name, value] of Object.entries({ afterClose, onError })) {
    if (value !== undefined && typeof value !== 'function') throw invalid(`${name} must be a function`);
  }
  const maxMs = milliseconds('maxMs', given.maxMs ?? 25_000);
  const graceMs = milliseconds('graceMs', given.graceMs ?? Math.min(5_000, maxMs / 5));
  if (graceMs >= maxMs) throw invalid('graceMs must be less than maxMs, or no time is left for handlers');
  return { inboxes, signals, afterClose, maxMs, graceMs, onError: guarded('gracefulShutdown', onError) };
}

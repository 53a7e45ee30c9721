/** A server process that is going to be killed: receiver, inbox and handler, as an app has them. */
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { standardWebhooks } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import type { Order } from './crew.ts';
import { openInbox } from './engines.ts';
import type { Held } from './growth.ts';

// What no kill took must end with its parent.
process.on('disconnect', () => process.exit());
process.once('message', (order: Order) => {
  // Whatever comes after the order asks what it holds.
  process.on('message', () => process.send?.(held()));
  void serve(order);
});
process.send?.('loaded');

async function serve(order: Order): Promise<void> {
  const { number, engine, at, name, secret, journal, workMs, backoffMs } = order;
  // One write per line: the kernel has it when the call returns, so that it outlives the process without fsync. Only the
  // machine's own end could take it back, and no test ends that.
  const file = openSync(journal, 'a');
  const note = (...words: readonly unknown[]) => writeSync(file, `${words.join(' ')}\n`);
  const { inbox } = await openInbox(engine, at, {
    ...order.inbox,
    backoff: () => backoffMs,
    onError: () => undefined,
  });
  // Opens the store before the load comes, or a round would test only that.
  await inbox.counts(name);
  const listener = webhooks(standardWebhooks({ name }), {
    secret,
    inbox,
    on: {
      '*': async ({ id, type }, { attempt }) => {
        note('start', number, id, attempt);
        if (type === 'crash.poison') process.kill(process.pid, 'SIGKILL');
        await pause(Math.random() * workMs);
        note('end', number, id, attempt);
      },
    },
    onOutcome({ stage, id, attempt, outcome, error }) {
      if (stage === 'work') note('report', number, id, attempt, outcome, error?.code ?? '-');
    },
  });
  const server = createServer(listener).listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ port });
  });
}

/** What this process holds, after a garbage collection. */
function held(): Held {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  collectGarbage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return { heapBytes: process.memoryUsage().heapUsed, resources };
}

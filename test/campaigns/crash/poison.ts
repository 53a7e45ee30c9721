import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { standardWebhooks } from '@hookproof/core';
import type { EngineName, Place } from './engines.ts';
import { post } from './load.ts';
import { onStage } from './scenario.ts';

const maxAttempts = 4;

export interface Poison {
  readonly workers: number;
  readonly died: number;
  readonly handled: number;
  readonly violations: readonly string[];
}

/** Sends one delivery whose handler kills the process, among others that are not to blame. */
export function poison(engine: EngineName, place: Place): Promise<Poison> {
  return onStage(
    engine,
    place,
    'poison',
    async ({ name, crew, journal, inbox }) => {
      const provider = standardWebhooks({ name });
      const agent = new Agent({ keepAlive: true });
      const violations: string[] = [];
      let server = await crew.start();
      const types = ['crash.test', 'crash.test', 'crash.poison', 'crash.test', 'crash.test'];
      const send = (type: string, index: number) => post(provider, `msg_${index}`, server.port, agent, type);
      const sent = Promise.all(types.map(send));
      let workers = 0;
      const until = performance.now() + 60_000;
      for (;;) {
        const over = new AbortController();
        const gone = server.gone.then(() => 'gone');
        const verdict = await Promise.race([gone, settled(over.signal)]);
        over.abort();
        if (verdict !== 'gone') break;
        workers += 1;
        if (workers > maxAttempts)
          violations.push(`${workers} workers died of a delivery that has ${maxAttempts} attempts`);
        if (workers > 2 * maxAttempts || performance.now() > until) break;
        server = await crew.start();
      }
      for (const [index, status] of (await sent).entries()) {
        // Its worker may have died before it answered: then it need not be there.
        if (![0, 200, 202].includes(status)) violations.push(`${types[index]} was answered with ${status}`);
      }
      agent.destroy();

      /** Resolves when nothing is left to do. */
      async function settled(signal: AbortSignal): Promise<string> {
        while (!signal.aborted && performance.now() < until) {
          const { waiting, working, dead } = await inbox.counts(name);
          if (waiting + working === 0 && dead > 0) return 'settled';
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return 'over';
      }

      let died = 0;
      for await (const { key, type, error, attempts } of inbox.list({ name, state: 'dead' })) {
        died += 1;
        if (type !== 'crash.poison')
          violations.push(`${key} is dead (${error?.code}), though its handler never failed`);
        else if (error?.code !== 'worker_lost')
          violations.push(`the poison is dead of ${error?.code} after ${attempts}`);
      }
      const runs = readFileSync(journal, 'utf8').match(/^start \d+ msg_2 /gm)?.length;
      if (runs !== maxAttempts) violations.push(`the poison ran ${runs} times in place of ${maxAttempts}`);
      const { handled } = await inbox.counts(name);
      return { workers, died, handled, violations };
    },
    // Long enough for those beside it to meet the poison's next worker only by a rare chance.
    { maxAttempts, backoffMs: 4_000 },
  );
}

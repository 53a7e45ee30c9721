import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import PgBoss from 'pg-boss';
import { handle } from '../../../handle.ts';
import { proven } from '../../deliveries.ts';
import { clock, type Subject } from './subject.ts';

/** Jobs of one statement while the store is filled. */
const fillSize = 500;

/** Milliseconds between two looks of pg-boss for work where there was none: its least. */
const pollMs = 500;

/**
 * Bare pg-boss 10 with fresh statistics, without which it gets slow. `boss.work()` waits between two batches; `fetch` and
 * `complete` are what it is made of, and the next fetch does not wait for what records the batch before.
 */
export async function pgBoss(connectionString: string): Promise<Subject> {
  const boss = new PgBoss({ connectionString, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  for (const queue of ['grantex', 'quiet']) await boss.createQueue(queue);
  const next = await proven();
  const job = (name: string) => {
    const { key, type, headers, body } = next();
    return { name, data: { key, type, headers: [...headers], body: body.toString(), sentAt: clock() } };
  };
  return {
    async fill(count) {
      for (let left = count; left > 0; left -= fillSize) {
        await boss.insert(Array.from({ length: Math.min(left, fillSize) }, () => job('grantex')));
      }
      const client = new Client({ connectionString });
      await client.connect();
      await client.query('ANALYZE');
      await client.end();
    },
    send: () => boss.insert([job('quiet')]),
    async work({ concurrency, begun, handled, heard }) {
      let stopped = false;
      async function handleAll(): Promise<void> {
        let recorded = Promise.resolve();
        while (!stopped) {
          const jobs = await boss.fetch<object>('grantex', { batchSize: concurrency });
          for (const { data } of jobs) {
            begun();
            handle({ data });
          }
          await recorded;
          recorded = complete(
            'grantex',
            jobs.map(({ id }) => id),
          );
          if (jobs.length === 0) await pause(pollMs);
        }
        await recorded;
      }
      async function complete(queue: string, ids: string[]): Promise<void> {
        if (ids.length === 0) return;
        await boss.complete(queue, ids);
        for (const _ of ids) handled();
      }
      async function handleQuiet(): Promise<void> {
        while (!stopped) {
          const jobs = await boss.fetch<{ sentAt: number }>('quiet');
          for (const { id, data } of jobs) {
            heard(data.sentAt);
            await boss.complete('quiet', id);
          }
          if (jobs.length === 0) await pause(pollMs);
        }
      }
      const working = Promise.all([handleAll(), handleQuiet()]);
      return () => {
        stopped = true;
        return working;
      };
    },
  };
}

import { grantiva } from '@hookproof/core';
import { postgresInbox } from '@hookproof/inbox/postgres';
import { type SignedDelivery, signedDelivery } from '@hookproof/testing';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPostgres } from '../../../test/suites/inbox/servers.ts';
import { type Running, start, startServer } from '../../inbox/test/start.ts';

const secret = 'whsec_for_tests';
const postgres = await startPostgres();
const env = { DATABASE_URL: postgres?.url ?? '', GRANTIVA_SECRET: secret, LEASE_MS: '1000' };
const processes: Running[] = [];

afterAll(async () => {
  for (const { kill } of processes) kill('SIGKILL');
  await Promise.all(processes.map(({ ended }) => ended));
  await postgres?.stop();
});

async function startWeb(): Promise<string> {
  const web = await startServer(new URL('../src/web.ts', import.meta.url), env);
  processes.push(web);
  return web.origin;
}

async function startWorker(): Promise<Running> {
  const worker = start(new URL('../src/worker.ts', import.meta.url), [], env);
  processes.push(worker);
  await vi.waitFor(() => expect(worker.lines, worker.errors.join('\n')).toContain('Working'), 15_000);
  return worker;
}

function highRisk(device: number): Promise<SignedDelivery> {
  const event = { type: 'device.high_risk', data: { device_id: `device-${device}`, risk_score: '91' } } as const;
  return signedDelivery(grantiva(), event, { secret });
}

describe.skipIf(postgres === undefined)('two web processes and two workers', () => {
  const pool = new Pool({ connectionString: env.DATABASE_URL });
  const inbox = postgresInbox({ pool, work: false });
  let webs: readonly string[];

  beforeAll(async () => {
    webs = await Promise.all([startWeb(), startWeb()]);
  }, 30_000);

  afterAll(async () => {
    await inbox.close();
    await pool.end();
  });

  /** Every event goes to both web processes at once: one stores it, to the other it is a duplicate. */
  async function deliver(from: number, to: number): Promise<void> {
    for (let device = from; device < to; device += 1) {
      const delivery = await highRisk(device);
      const post = async (origin: string) => (await fetch(`${origin}/webhooks/grantiva`, delivery)).status;
      const statuses = await Promise.all(webs.map(post));
      const told = processes.flatMap(({ errors }) => errors).join('\n');
      expect(statuses.sort(), told).toEqual([200, 202]);
    }
  }

  it('store alone, and a drain handles what is there', async () => {
    await deliver(0, 20);
    expect(await inbox.counts()).toEqual({ waiting: 20, working: 0, handled: 0, dead: 0 });
    const drained = start(new URL('../src/drain.ts', import.meta.url), [], env);
    expect(await drained.ended).toBe(0);
    expect(drained.lines).toEqual(['20 handled, 0 to be tried again, 0 dead']);
  }, 30_000);

  it('handle each event once in effect, although a worker is killed', async () => {
    await deliver(20, 110);
    const [first] = await Promise.all([startWorker(), startWorker()]);
    const rest = deliver(110, 200);
    const some = async () => expect((await inbox.counts()).handled).toBeGreaterThan(40);
    await vi.waitFor(some, { timeout: 15_000, interval: 5 });
    first.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    await rest;

    const all = { waiting: 0, working: 0, handled: 200, dead: 0 };
    await vi.waitFor(async () => expect(await inbox.counts()).toEqual(all), 30_000);
    const { rows } = await pool.query('select count(*)::int as devices, max(alarms) as most from blocked_devices');
    expect(rows).toEqual([{ devices: 200, most: 1 }]);
  }, 90_000);

  it('end with 0 on SIGTERM', async () => {
    for (const { kill } of processes) kill('SIGTERM');
    const ends = await Promise.all(processes.map(({ ended }) => ended));
    expect(ends.sort()).toEqual([0, 0, 0, 'SIGKILL']);
  }, 30_000);
});

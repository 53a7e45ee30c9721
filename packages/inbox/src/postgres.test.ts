import { describe, expect, it, vi } from 'vitest';
import { loadBoss } from './postgres/boss.ts';
import { type PostgresPool, postgresInbox } from './postgres.ts';

// What needs a server stands in test/suites/inbox/postgres.test.ts.

const pool = { query: vi.fn(), connect: vi.fn(), on: vi.fn(), off: vi.fn() };

describe('postgresInbox', () => {
  it.each([
    [{ pool: {} }, /pool must be a pool of the package pg/],
    [{ pool: undefined }, /pool must be a pool of the package pg/],
    [{ pool, schema: 'My Schema' }, /schema must be 1 to 50 lower-case letters/],
    [{ pool, schema: '' }, /schema must be/],
    [{ pool, bossSchema: 'a"b' }, /bossSchema must be/],
    [{ pool, queuePrefix: "a'b" }, /queuePrefix must be/],
    [{ pool, path: 'a' }, /path is not an option of this inbox. There are: pool, schema, bossSchema, queuePrefix/],
    [{ pool, leaseMs: 0 }, /leaseMs must be/],
  ])('wrong options are named: %#', (options, message) => {
    expect(() => postgresInbox(options as { pool: PostgresPool })).toThrow(message);
  });

  it('says what to install where pg-boss is not there', async () => {
    const load = loadBoss(() => {
      throw Object.assign(new Error("Cannot find package 'pg-boss' imported from here"), {
        code: 'ERR_MODULE_NOT_FOUND',
      });
    });
    await expect(load).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('npm install pg-boss@10'),
    });
    // What is wrong inside of it is not hidden.
    const broken = () => Promise.reject(new Error('its own trouble'));
    await expect(loadBoss(broken)).rejects.toThrow('its own trouble');
    await expect(loadBoss(async () => ({ default: 'other' }))).rejects.toThrow(/none that it knows/);
  });
});

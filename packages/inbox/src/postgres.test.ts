import { describe, expect, it, vi } from 'vitest';
import { type PostgresPool, postgresInbox } from './postgres.ts';

// What needs a server stands in test/suites/inbox/postgres.test.ts.

const pool = { query: vi.fn(), connect: vi.fn(), on: vi.fn(), off: vi.fn() };

describe('postgresInbox', () => {
  it.each([
    [{ pool: {} }, /pool must be a pool of the package pg/],
    [{ pool: undefined }, /pool must be a pool of the package pg/],
    [{ pool, schema: 'My Schema' }, /schema must be 1 to 50 lower-case letters/],
    [{ pool, schema: '' }, /schema must be/],
    [{ pool, path: 'a' }, /path is not an option of this inbox. There are: pool, schema, work/],
    [{ pool, leaseMs: 0 }, /leaseMs must be/],
  ])('wrong options are named: %#', (options, message) => {
    expect(() => postgresInbox(options as { pool: PostgresPool })).toThrow(message);
  });
});

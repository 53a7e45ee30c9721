// Type tests: `tsc` checks them, nothing runs them.
import type { ClaimStore } from '@hookproof/core';
import pg, { type Client, type Pool, type PoolClient } from 'pg';
import { expectTypeOf } from 'vitest';
import {
  type PostgresClient,
  type PostgresPool,
  type PostgresQueries,
  postgresClaims,
  postgresInbox,
} from './postgres.ts';

expectTypeOf<Pool>().toExtend<PostgresPool>();
expectTypeOf<PoolClient>().toExtend<PostgresClient>();
expectTypeOf<Client>().toExtend<PostgresQueries>();

postgresInbox({ pool: new pg.Pool() });
postgresInbox({ pool: new pg.Pool(), schema: 'inbox', bossSchema: 'jobs', queuePrefix: 'hooks', concurrency: 2 });

// @ts-expect-error one connection is no pool
postgresInbox({ pool: new pg.Client() });
// @ts-expect-error without a pool there is no database
postgresInbox({});

postgresClaims(new pg.Pool()) satisfies ClaimStore;
postgresClaims(new pg.Pool(), { schema: 'inbox', table: 'hooks', retainMs: 1_000, onError: console.error });

// @ts-expect-error one connection is no pool
postgresClaims(new pg.Client());
// @ts-expect-error the pool comes first
postgresClaims({ pool: new pg.Pool() });
// @ts-expect-error no such option
postgresClaims(new pg.Pool(), { prefix: 'hooks' });

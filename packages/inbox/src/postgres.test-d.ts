// Type tests: `tsc` checks them, nothing runs them.
import { type ClaimStore, createReceiver, type EventOf, type Grantex, grantex, type Inbox } from '@hookproof/core';
import pg, { type Client, type Pool, type PoolClient } from 'pg';
import { expectTypeOf } from 'vitest';
import {
  type PostgresClient,
  type PostgresInbox,
  type PostgresPool,
  type PostgresQueries,
  type PostgresTransaction,
  postgresClaims,
  postgresInbox,
} from './postgres.ts';
import type { SqliteInbox } from './sqlite.ts';

expectTypeOf<Pool>().toExtend<PostgresPool>();
expectTypeOf<PoolClient>().toExtend<PostgresClient>();
expectTypeOf<Client>().toExtend<PostgresQueries>();

postgresInbox({ pool: new pg.Pool() });
postgresInbox({ pool: new pg.Pool(), schema: 'inbox', concurrency: 2 });

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

// complete takes the client of a transaction, and is waited for.
const pool = new pg.Pool();
createReceiver({
  provider: grantex(),
  secret: 'a secret for tests',
  lane: ({ type }: EventOf<Grantex>) => type,
  inbox: postgresInbox({ pool }),
  on: {
    '*': async (_event, { attempt, complete }) => {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      const client = await pool.connect();
      expectTypeOf(complete(client)).toEqualTypeOf<Promise<void>>();
      await complete(new pg.Client());
      // @ts-expect-error each statement may get another client
      await complete(pool);
      // @ts-expect-error no client
      await complete({});
    },
  },
});
expectTypeOf<Pool>().not.toExtend<PostgresTransaction>();
expectTypeOf<PostgresInbox>().toExtend<Inbox>();
expectTypeOf<PostgresInbox>().not.toExtend<SqliteInbox>();
expectTypeOf<SqliteInbox>().not.toExtend<PostgresInbox>();

// Type tests: `tsc` checks them, nothing runs them.
import { createReceiver, type EventOf, type Grantex, grantex, type Inbox } from '@hookproof/core';
import Libsql from 'libsql';
import { expectTypeOf } from 'vitest';
import { type MemoryInbox, memoryInbox } from './index.ts';
import { openDatabase, type SqliteDatabase, type SqliteInbox, sqliteInbox } from './sqlite.ts';

const secret = 'a secret for tests';
const lane = ({ type }: EventOf<Grantex>) => type;

// The user's own handle fits, both where the inbox and where complete takes it.
const handle = new Libsql(':memory:');
sqliteInbox({ database: handle });
createReceiver({
  provider: grantex(),
  secret,
  lane,
  inbox: sqliteInbox({ path: 'webhooks.db' }),
  on: {
    '*': (_event, { attempt, complete }) => {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      expectTypeOf(complete).toEqualTypeOf<(database: SqliteDatabase) => void>();
      expectTypeOf(complete(openDatabase('app.db'))).toEqualTypeOf<void>();
      complete(handle);
      // @ts-expect-error no handle
      complete({});
      // @ts-expect-error nothing
      complete();
    },
  },
});

// What is made for tests has lanes, but no database to share.
createReceiver({
  provider: grantex(),
  secret,
  lane,
  inbox: memoryInbox(),
  on: {
    '*': (_event, { attempt, complete }) => {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      // @ts-expect-error there is no database
      complete(handle);
    },
  },
});

expectTypeOf<SqliteInbox>().toExtend<Inbox>();
expectTypeOf<MemoryInbox>().toExtend<Inbox>();
expectTypeOf<MemoryInbox>().not.toExtend<SqliteInbox>();

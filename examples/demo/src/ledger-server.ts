// A server with an inbox, in a process of its own, which the demo kills.
import type { AddressInfo } from 'node:net';
import type { OutcomeReport } from '@hookproof/core';
import { gravvWebhooks } from '@hookproof/express';
import { openDatabase, sqliteInbox } from '@hookproof/inbox/sqlite';
import express from 'express';

/** What it tells the demo: first where it listens, then every report. */
export type Told = { readonly origin: string } | { readonly report: OutcomeReport } | { readonly hangs: string };

const { DATABASE = '', SECRET = '', HANGS_AT } = process.env;
const tell = (told: Told) => process.send?.(told);
process.on('disconnect', () => process.exit());

const database = openDatabase(DATABASE);
// Without a unique column, so that an entry made twice shows.
database.exec('CREATE TABLE IF NOT EXISTS ledger (reference TEXT, amount TEXT)');
// One at a time, so that the log is the same in every run.
const inbox = sqliteInbox({ database, concurrency: 1, leaseMs: 500, pollMs: 100 });

const app = express();
app.use(
  gravvWebhooks({
    secret: SECRET,
    inbox,
    on: {
      'transfer.status.completed': async ({ data }, { complete }) => {
        const reference = data.client_reference ?? null;
        if (reference !== null && reference === HANGS_AT) {
          tell({ hangs: reference });
          await new Promise(() => undefined);
        }
        database.exec('BEGIN IMMEDIATE');
        database.prepare('INSERT INTO ledger VALUES (?, ?)').run(reference, data.amount ?? null);
        complete(database);
        database.exec('COMMIT');
      },
    },
    onOutcome: (report) => tell({ report: { ...report, diagnose: undefined } }),
  }),
);
const server = app.listen(0, '127.0.0.1', () => {
  tell({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});

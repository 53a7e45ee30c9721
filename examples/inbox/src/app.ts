import { grantivaWebhooks } from '@hookproof/express';
import type { SqliteDatabase, SqliteInbox } from '@hookproof/inbox/sqlite';
import express, { type Express } from 'express';
import { inTransaction } from './database.ts';

/** What {@link createApp} needs. */
export interface AppOptions {
  /** Grantiva's signing secret. */
  readonly secret: string;
  readonly database: SqliteDatabase;
  /** An inbox in that database. */
  readonly inbox: SqliteInbox;
  /** Ends a device's sessions somewhere else; it may be asked twice. */
  readonly endSessions: (deviceId: string, signal: AbortSignal) => Promise<void>;
}

/** An app that blocks devices which Grantiva calls a high risk. */
export function createApp({ secret, database, inbox, endSessions }: AppOptions): Express {
  const app = express();

  app.use(
    grantivaWebhooks({
      secret,
      inbox,
      on: {
        'device.high_risk': async ({ data }, { signal, complete }) => {
          // What other systems are asked to do comes first and may be repeated: when it fails, all of this is tried again.
          await endSessions(data.device_id, signal);
          // What is written here is committed together with the note that the event is handled: exactly once.
          inTransaction(database, () => {
            database
              .prepare(
                `INSERT INTO blocked_devices VALUES (?, ?, 1)
                 ON CONFLICT DO UPDATE SET risk_score = excluded.risk_score, alarms = alarms + 1`,
              )
              .run(data.device_id, data.risk_score);
            complete(database);
          });
        },
      },
    }),
  );

  app.get('/blocked', (_request, response) => {
    response.json(database.prepare('SELECT * FROM blocked_devices ORDER BY device_id').all());
  });

  /** For a dashboard; put it behind your login. */
  app.get('/inbox', async (_request, response) => {
    response.json(await inbox.counts());
  });

  return app;
}

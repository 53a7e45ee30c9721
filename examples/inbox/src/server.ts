import type { AddressInfo } from 'node:net';
import { gracefulShutdown } from '@hookproof/inbox';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { createApp } from './app.ts';
import { openDatabase } from './database.ts';
import { sessionService } from './sessions.ts';

const { HOST = '127.0.0.1', PORT = '3000', DATABASE = 'app.db' } = process.env;
const { GRANTIVA_SECRET = '', SESSIONS_URL } = process.env;

const database = openDatabase(DATABASE);
const inbox = sqliteInbox({ database });
const app = createApp({ secret: GRANTIVA_SECRET, database, inbox, endSessions: sessionService(SESSIONS_URL) });
const server = app.listen(Number(PORT), HOST, (error) => {
  if (error) throw error;
  console.log(`Listening on http://${HOST}:${(server.address() as AddressInfo).port}`);
});

// Takes nothing more, finishes what is being worked on, and lets go of the file. The rest waits for the next start.
gracefulShutdown(server, {
  inboxes: [inbox],
  signals: ['SIGTERM', 'SIGINT'],
  afterClose: () => database.close(),
});

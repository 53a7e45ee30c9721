// A process with an inbox on a SQLite file, which does as it is told and says what came of it.
import { openDatabase, type SqliteDatabase, type SqliteInbox, sqliteInbox } from '@hookproof/inbox/sqlite';
import Libsql from 'libsql';

const body = new TextEncoder().encode('{}');
let inbox: SqliteInbox | undefined;

function start(place: { readonly path: string } | { readonly database: SqliteDatabase }): void {
  inbox = sqliteInbox({ ...place, work: false, onError: () => undefined });
}

const orders: Record<string, (argument: string) => unknown> = {
  path: (path) => start({ path }),
  // As an app does that keeps its own tables beside the inbox.
  handle(path) {
    const database = openDatabase(path);
    database.exec('CREATE TABLE IF NOT EXISTS mine (a)');
    start({ database });
  },
  libsql: (path) => start({ database: new Libsql(path) }),
  beside: (path) => void openDatabase(path),
  // As a shell does.
  visit(path) {
    const database = new Libsql(path);
    database.exec('SELECT count(*) FROM hookproof_deliveries');
    database.close();
  },
  accept: (key) =>
    inbox?.accept({ name: 'a', key, type: 't', owner: undefined, lane: undefined, headers: new Map(), body }),
  close: () => inbox?.close(),
};

process.on('message', async (message) => {
  const [order = '', argument = ''] = String(message).split(' ');
  try {
    await orders[order]?.(argument);
    process.send?.('done');
  } catch (error) {
    process.send?.(String(error));
  }
});
process.send?.('ready');

import { join } from 'node:path';
import { type ClaimStore, createReceiver, type Inbox, memoryClaims, type Provider } from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import Database from 'libsql';
import { schemes } from '../../deliveries.ts';
import { handle } from '../../handle.ts';
import { scheme } from '../../http/contenders.ts';
import { arrived, proven, randomKey, withFreshKeys } from '../deliveries.ts';
import type { Contender, Contenders, Opened } from './contender.ts';

const { provider, secret } = schemes[scheme];

/** A single insert, the inbox's `accept`, and a whole `receive` with and without an inbox. */
export function sqliteContenders(folder: string): Contenders {
  let files = 0;
  /** A file that is not there yet: nobody inherits what another one wrote. */
  const file = () => join(folder, `${++files}.db`);
  const accepting = (callers: number): Contender => ({
    callers,
    open: async () => accept(sqliteInbox({ path: file(), work: false })),
  });
  const receiving = (callers: number): Contender => ({
    callers,
    open: async () => receive(sqliteInbox({ path: file(), work: false })),
  });
  return {
    'raw insert': { callers: 1, open: () => insert(file()) },
    'inline, 1 caller': { callers: 1, open: () => receive() },
    'inline, 10 callers': { callers: 10, open: () => receive() },
    'inline, 64 callers': { callers: 64, open: () => receive() },
    'accept, 1 caller': accepting(1),
    'accept, 10 callers': accepting(10),
    'accept, 64 callers': accepting(64),
    'receive, 1 caller': receiving(1),
    'receive, 10 callers': receiving(10),
    'receive, 64 callers': receiving(64),
  };
}

/**
 * What keeps the same bytes as durably with the least of SQLite: no index, no lookup, one prepared insert per commit. More
 * callers would change nothing, because the call holds up the process.
 */
async function insert(path: string): Promise<Opened> {
  const database = new Database(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE raw (seq INTEGER PRIMARY KEY, name, key, type, lane, received_at, headers, body)');
  const statement = database.prepare(
    'INSERT INTO raw (name, key, type, lane, received_at, headers, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const next = await proven();
  return {
    async call() {
      const { name, key, type, lane, headers, body } = next();
      statement.run(name, key, type ?? null, lane ?? null, Date.now(), JSON.stringify([...headers]), body);
    },
    close: () => database.close(),
  };
}

/** The inbox alone. */
async function accept(inbox: Inbox): Promise<Opened> {
  const next = await proven();
  return { call: () => inbox.accept(next()), close: () => inbox.close() };
}

/** A whole delivery: proven, and stored or handled at once. */
async function receive(inbox?: Inbox): Promise<Opened> {
  const next = await arrived();
  const options = { provider: provider as Provider, secret, on: { '*': handle } };
  const receiver =
    inbox === undefined
      ? createReceiver({ ...options, dedupe: freshClaims() })
      : createReceiver({ ...options, inbox: withFreshKeys(inbox) });
  return {
    async call() {
      const { status } = await receiver.receive(next());
      if (status !== (inbox === undefined ? 200 : 202)) throw new Error(`A genuine delivery was answered ${status}.`);
    },
    close: () => inbox?.close(),
  };
}

/** The default store, for which every delivery is a new event. */
function freshClaims(): ClaimStore {
  const store = memoryClaims();
  return { claim: (_key, leaseMs) => store.claim(randomKey(), leaseMs) };
}

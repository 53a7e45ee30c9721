import { WebhookError } from '@hookproof/core';
import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { printable } from '../terminal.ts';
import { type Store, titles } from './store.ts';

/** Milliseconds that a server has to let us in. */
export const patienceMs = 5_000;

/** The store is not what was looked for. */
export function noInbox(problem: string, fix: string): Failure {
  return new Failure(exitCode.failed, 'no_inbox', problem, { fix });
}

/** What was asked for by its id is not there. */
export function noDelivery(ids: readonly string[]): Failure {
  const problem = `There is no delivery ${ids.map((id) => printable(id)).join(', ')}.`;
  return new Failure(exitCode.no, 'no_delivery', problem, { fix: 'hookproof inbox list has the ids that there are.' });
}

// For what has no code of its own.
const noPassword = 'no password';
const noRedis = 'no Redis';
const readOnlyFile = 'read-only file';

const unreachable = new Map([
  ['ECONNREFUSED', 'nothing listens at this host and port'],
  ['ECONNRESET', 'the connection broke'],
  ['EHOSTUNREACH', 'there is no way to this host'],
  ['ENETUNREACH', 'there is no way to this network'],
  ['ENOTFOUND', 'there is no host of this name'],
  ['EAI_AGAIN', 'the name of the host could not be looked up'],
  ['ENOENT', 'there is no such socket'],
  ['57P01', 'the server is being stopped'],
  ['57P03', 'the server is starting, or being stopped'],
  [noRedis, 'what listens there is no Redis, or hung up'],
  ['ETIMEDOUT', `no answer within ${patienceMs / 1_000} s`],
]);

const checkUrl = 'Check user, password and database in the URL.';
const giveOne = 'Put it in the URL in HOOKPROOF_INBOX, as user:password@host';

/** What Postgres has a code for, and Redis a first word: what it means, and what to do. */
const refused = new Map([
  ['28P01', ['the password is wrong', checkUrl]],
  ['28000', ['this user may not log in from here', checkUrl]],
  ['3D000', ['there is no database of this name', checkUrl]],
  ['42501', ['this user may not read or change the inbox', checkUrl]],
  [noPassword, ['it wants a password', `${giveOne}, or in PGPASSWORD.`]],
  ['WRONGPASS', ['the user or the password is wrong', checkUrl]],
  ['NOAUTH', ['it wants a password', `${giveOne}.`]],
  ['NOPERM', ['this user may not read or change the inbox', checkUrl]],
  [
    readOnlyFile,
    [
      'this user may not write it',
      'SQLite writes beside the file even to read. Run this as the user of your app (sudo -u <user> hookproof …), or let ' +
        'this user write the file, those beside it that end with -wal and -shm, and their folder.',
    ],
  ],
]);

/** Whatever went wrong with a store, in words that never hold its password. */
export function troubleWith(store: Store, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { label, engine } = store;
  const code = codeOf(error, engine);
  const away = unreachable.get(code);
  if (away !== undefined && engine !== 'sqlite') {
    return new Failure(exitCode.failed, 'unreachable', `${label} is out of reach: ${away}.`, {
      fix: 'Check host and port, that the server is up, and that this machine may reach it (VPN, firewall).',
      cause: error,
    });
  }
  const [not, fix] = refused.get(code) ?? [];
  if (not !== undefined) {
    return new Failure(exitCode.failed, 'refused', `${label} refused: ${not}.`, { fix, cause: error });
  }
  const said = printable(withoutPassword(store, messageOf(error)));
  // What Hookproof says is whole, with what to do.
  if (error instanceof WebhookError) return new Failure(exitCode.failed, error.code, said, { cause: error });
  return new Failure(exitCode.failed, 'failed', `${label}: ${titles[engine]} said: ${said}`, { cause: error });
}

function codeOf(thrown: unknown, engine: Store['engine']): string {
  // What the inbox says in its own words was said by the store before.
  const error = thrown instanceof WebhookError && engine !== 'sqlite' ? (thrown.cause ?? thrown) : thrown;
  const code: unknown = Reflect.get(Object(error), 'code');
  if (typeof code === 'string' && (unreachable.has(code) || refused.has(code))) return code;
  const message = messageOf(error);
  // node:sqlite and libsql have codes of their own for the same words of SQLite.
  if (engine === 'sqlite') {
    const words = error instanceof Error && error.cause instanceof Error ? error.cause.message : message;
    return /readonly database|unable to open database file/.test(words) ? readOnlyFile : '';
  }
  // ioredis 6 and 5, of what they cannot read; who does not speak their language may also hang up.
  if (engine === 'redis' && (code === 'EPIPE' || /^Unknown RESP type|^Protocol error/.test(message))) return noRedis;
  // pg has no codes for these.
  if (/client password must be a/.test(message)) return noPassword;
  if (/timeout exceeded|due to connection timeout/.test(message)) return 'ETIMEDOUT';
  if (message.startsWith('Connection terminated')) return 'ECONNRESET';
  return /^[A-Z]+\b/.exec(message)?.[0] ?? '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function withoutPassword({ passwords }: Store, text: string): string {
  return passwords.reduce((left, password) => left.replaceAll(password, '***'), text);
}

import { fileURLToPath } from 'node:url';
import { usage } from '../failure.ts';
import { printable, type Report } from '../terminal.ts';

/** Where an inbox keeps its deliveries. */
export interface Store {
  readonly engine: 'sqlite' | 'postgres' | 'redis';
  /** The path of a file, or a URL. */
  readonly location: string;
  /** How it is named to a reader: without the password. */
  readonly label: string;
  /** What must never be printed. */
  readonly passwords: readonly string[];
}

/** Where in the store the tables or keys are, as options of the command line. */
export interface Places {
  readonly schema?: string | undefined;
  readonly prefix?: string | undefined;
}

const variable = 'HOOKPROOF_INBOX';
const forms = 'the path of a SQLite file, postgres://… or redis://…';

/** Whether a word is the id of a delivery: a number, or in Redis the receiver and a hash. */
function isId(word: string): boolean {
  return /^\d+$/.test(word) || /^[^/]+:[0-9a-f]{64}$/.test(word);
}

/** Tells the store from the ids: it comes first, unless the environment has it. */
export function wordsOf(words: readonly (string | undefined)[]): { store: string | undefined; ids: readonly string[] } {
  const given = words.filter((word) => word !== undefined);
  const [first] = given;
  return first === undefined || isId(first) ? { store: undefined, ids: given } : { store: first, ids: given.slice(1) };
}

/** What was given and is no id, in words for whoever meant it as one. */
export function takenForStore(given: string | undefined): string {
  return given === undefined ? '' : ` ${read(given).label} was taken for the store.`;
}

/** Reads which store is meant, from the command line or the environment; warns of a password in the former. */
export async function storeOf(given: string | undefined, places: Places, report: Report): Promise<Store> {
  const text = given ?? report.terminal.env[variable] ?? '';
  if (text === '') throw usage('Which inbox?', `Give ${forms} as the first argument, or in ${variable}.`);
  const store = read(text);
  if (given !== undefined && store.passwords.length > 0) {
    await report.note(
      `Warning: the password is in your shell's history and in the list of processes. Put the URL in ${variable}.`,
    );
  }
  checkPlaces(store, places);
  return store;
}

function read(text: string): Store {
  // What was given is never said again before it is understood: it may hold a password.
  if (/^[\s'"`]|[\s'"`]$/.test(text)) {
    throw usage(
      'The store has quotes or space around it.',
      'Take them away where it is set: they are part of it there.',
    );
  }
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(text) ?? [];
  switch (scheme?.toLowerCase()) {
    case 'postgres':
    case 'postgresql':
      return server('postgres', text);
    case 'redis':
    case 'rediss':
      return server('redis', text);
    case 'sqlite':
      return file(text.slice('sqlite:'.length));
    case 'file':
      return file(/^file:\/\//i.test(text) ? pathOf(text) : text.slice('file:'.length));
    default:
      return file(text);
  }
}

/** `scheme://…` or `user:password@…`, but not `C:\\…`. */
function isUrlLike(text: string): boolean {
  const colon = text.indexOf(':');
  return text.includes('://') || (colon !== -1 && !/^[a-z]:[\\/]/i.test(text) && text.lastIndexOf('@') > colon);
}

function file(path: string): Store {
  if (isUrlLike(path)) throw usage('That is not a store of an inbox.', `Give ${forms}.`);
  return { engine: 'sqlite', location: path, label: printable(path), passwords: [] };
}

function pathOf(text: string): string {
  try {
    return fileURLToPath(text);
  } catch {
    throw usage(
      `${printable(text)} is not a file of this machine.`,
      'Write file:///folder/webhooks.db, or the plain path.',
    );
  }
}

function server(engine: 'postgres' | 'redis', text: string): Store {
  const isWhole = /^[a-z]+:\/\//i.test(text) && URL.canParse(text) && !new URL(text).pathname.includes('@');
  if (!isWhole) {
    throw usage(
      `The URL of the store cannot be read.`,
      `Write ${engine}://user:password@host:port/…, with %40 for an @ in the password, %2F for a / and so on.`,
    );
  }
  const { protocol, host, pathname, password, searchParams } = new URL(text);
  const secrets = [password, unescaped(password), ...searchParams.getAll('password')];
  return {
    engine,
    location: text,
    label: printable(`${protocol}//${host}${pathname}`),
    passwords: [...new Set(secrets)].filter((secret) => secret !== ''),
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const engineOf: Readonly<Record<keyof Places, Store['engine']>> = {
  schema: 'postgres',
  prefix: 'redis',
};

function checkPlaces({ engine, label }: Store, places: Places): void {
  for (const [name, owner] of Object.entries(engineOf)) {
    if (Reflect.get(places, name) === undefined || owner === engine) continue;
    throw usage(`--${name} is for ${titles[owner]}, and ${label} is ${titles[engine]}.`);
  }
}

/** Names of the engines for readers. */
export const titles: Readonly<Record<Store['engine'], string>> = {
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
  redis: 'Redis',
};

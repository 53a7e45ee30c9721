import { closeSync, constants, existsSync, openSync, statSync } from 'node:fs';

/** Whether files have a mode that says who may read them. */
const hasModes = process.platform !== 'win32';

/** The file that SQLite makes for a path, which may be a URI; undefined where it makes none. */
export function fileOf(path: string): string | undefined {
  const [, name, query] = /^file:(?:\/\/(?:localhost)?(?=\/))?([^?#]*)(?:\?([^#]*))?/.exec(path) ?? [];
  const parameters = new URLSearchParams(query);
  const makesNone = ['ro', 'rw', 'memory'].includes(parameters.get('mode') ?? '') || parameters.get('vfs') === 'memdb';
  const file = name?.replace(/(?:%[\da-f]{2})+/gi, decoded) ?? path;
  return makesNone || file === '' || file === ':memory:' ? undefined : file;
}

function decoded(bytes: string): string {
  return Buffer.from(bytes.replaceAll('%', ''), 'hex').toString();
}

/**
 * Makes the file of a database where it is not there, so that nobody but its owner can read it: SQLite itself would give
 * it the rights of any file, and gives -wal and -shm those that the file has. One that is there is left as it is.
 */
export function makePrivate(file: string): void {
  // One that is there must not even be opened: to close it would take the locks away that SQLite holds on it in this process.
  if (!hasModes || existsSync(file)) return;
  // One call of the system: at no time is the file there with other rights. It follows links, as SQLite does.
  closeSync(openSync(file, constants.O_CREAT | constants.O_RDONLY | constants.O_NONBLOCK, 0o600));
}

/** What to tell the operator of who else may read what is in the file of a database; undefined where nobody may. */
export function exposureOf(file: string): Error | undefined {
  if (!hasModes || file === '') return undefined;
  const open = ['', '-wal', '-shm'].map((end) => file + end).filter(isOpenToOthers);
  if (open.length === 0) return undefined;
  return new Error(
    `${file} holds headers and bodies of deliveries, and its mode lets others than its owner read or change it. ` +
      `Unless they must: chmod 600 ${open.map((one) => JSON.stringify(one)).join(' ')}`,
  );
}

function isOpenToOthers(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & 0o066) !== 0;
}

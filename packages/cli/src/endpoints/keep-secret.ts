import type { Stats } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { EndpointSecret } from '@hookproof/endpoints';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { Failure, usage } from '../failure.ts';
import type { Report } from '../terminal.ts';

/** Where the secret of a new endpoint goes. The provider tells it once, so this is asked before the call. */
export interface SecretKeeping {
  readonly saveSecret?: string | undefined;
  readonly printSecret?: true | undefined;
}

/** The options that say where the secret goes. */
export const saveSecretOption = [
  '--save-secret <path>',
  'write the secret to this file, which only you can read; what was there is kept as <path>.previous',
] as const;
export const printSecretOption = ['--print-secret', 'print the secret'] as const;

/** A place that is ready for a secret. */
export interface SecretPlace {
  readonly prints: boolean;
  /** The file that takes it; undefined where it is only printed. */
  readonly file: SecretFile | undefined;
}

/** Does what creates an endpoint, with a place for its secret that is made ready before anything is created. */
export async function withSecretPlace(
  { saveSecret, printSecret }: SecretKeeping,
  create: (place: SecretPlace) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (saveSecret === undefined) {
    if (printSecret === true) return create({ prints: true, file: undefined });
    throw usage(
      'Where does the secret go? The provider tells it once, when the endpoint is created, and never again.',
      'Give --save-secret <path>, or --print-secret.',
    );
  }
  const file = await openSecretFile(resolve(saveSecret));
  try {
    return await create({ prints: printSecret === true, file });
  } finally {
    await file.leave();
  }
}

/** Puts a secret in its place. Where the file fails it is printed, so that it is not lost, and the exit code is 3. */
export async function keepSecret(
  secret: EndpointSecret,
  { prints, file }: SecretPlace,
  report: Report,
): Promise<ExitCode> {
  if (file === undefined) return exitCode.ok;
  try {
    await file.write(secret.reveal());
    await report.note(`The secret is in ${file.path}.`);
    return exitCode.ok;
  } catch (error) {
    await report.note(`${file.path} could not be written (${reasonOf(error)}).`);
    if (!prints) await report.note(`The secret, which cannot be asked for again: ${secret.reveal()}`);
    return exitCode.failed;
  }
}

interface SecretFile {
  readonly path: string;
  /** Puts a text in place of what the file held, which is kept beside it. */
  readonly write: (text: string) => Promise<void>;
  /** Takes away what was made ready and not used. */
  readonly leave: () => Promise<void>;
}

/**
 * Makes all ready that can be: what is left is to write, and to put it in place. The new file is another one until it is
 * whole, because half a secret would be worse than an old one; it is made exclusively, so that it is no link of
 * somebody else's, and of two runs one is refused.
 */
async function openSecretFile(path: string): Promise<SecretFile> {
  const [fresh, previous] = [`${path}.new`, `${path}.previous`];
  let former: Uint8Array | undefined;
  let handle: FileHandle;
  try {
    await statFile(previous);
    former = (await statFile(path)) && (await readFile(path));
    handle = await open(fresh, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (reasonOf(error) === 'EEXIST') {
      throw usage(
        `--save-secret: ${fresh} is there already: another run is under way, or one was ended before it could delete it.`,
        'If no other run is under way, delete it. It may hold the secret of an endpoint.',
      );
    }
    throw usage(
      `--save-secret: ${path} cannot be written (${reasonOf(error)}).`,
      'Its folder must be there, you must be allowed to write to it, and to read the file if it is there.',
    );
  }
  let inPlace = false;
  return {
    path,
    async write(text) {
      await handle.writeFile(text);
      await handle.sync();
      await handle.close();
      if (former !== undefined) {
        // Made anew, because the one that is there may be a link, or open to others.
        await rm(previous, { force: true });
        await writeFile(previous, former, { flag: 'wx', mode: 0o600 });
      }
      await rename(fresh, path);
      inPlace = true;
    },
    async leave() {
      if (inPlace) return;
      await handle.close().catch(() => undefined);
      await rm(fresh, { force: true }).catch(() => undefined);
    },
  };
}

/** What there is at a path, which must be a file; undefined where there is nothing. */
async function statFile(path: string): Promise<Stats | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw usage(`--save-secret: ${path} is not a file.`, 'Give the path of a file, new or old.');
    return found;
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

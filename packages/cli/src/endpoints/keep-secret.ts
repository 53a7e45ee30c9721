import { access, copyFile, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EndpointSecret } from '@hookproof/endpoints';
import { usage } from '../failure.ts';
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

/** Refuses, before anything is created, where the secret would be lost. */
export async function checkKeeping({ saveSecret, printSecret }: SecretKeeping): Promise<void> {
  if (saveSecret === undefined && printSecret === undefined) {
    throw usage(
      'Where does the secret go? The provider tells it once, when the endpoint is created, and never again.',
      'Give --save-secret <path>, or --print-secret.',
    );
  }
  if (saveSecret === undefined) return;
  try {
    await access(dirname(saveSecret), 2);
  } catch {
    throw usage(`--save-secret: the folder of ${saveSecret} is not there, or you may not write to it.`);
  }
}

/** Writes the secret where it was asked for. If the file fails it is printed, so that it is not lost. */
export async function keepSecret(secret: EndpointSecret, keeping: SecretKeeping, report: Report): Promise<void> {
  const { saveSecret: path, printSecret } = keeping;
  if (path !== undefined) {
    try {
      await write(path, secret.reveal());
      await report.note(`The secret is in ${path}.`);
    } catch (error) {
      await report.note(`${path} could not be written (${error instanceof Error ? error.message : error}).`);
      await report.note(`The secret, which cannot be asked for again: ${secret.reveal()}`);
    }
  }
  if (printSecret) await report.say(`secret       ${secret.reveal()}`);
}

async function write(path: string, text: string): Promise<void> {
  await copyFile(path, `${path}.previous`).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  });
  // Another file first: a half-written secret would be worse than an old one.
  const fresh = await open(`${path}.new`, 'w', 0o600);
  try {
    await fresh.writeFile(text);
    await fresh.sync();
  } finally {
    await fresh.close();
  }
  await rename(`${path}.new`, path);
}

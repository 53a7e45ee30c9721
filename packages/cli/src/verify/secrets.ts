import { findSecret, readSecret } from '../secrets.ts';
import type { Report } from '../terminal.ts';

/** A secret, and where it came from in words. */
export interface NamedSecret {
  readonly value: string;
  readonly from: string;
}

const variable = 'HOOKPROOF_SECRET';

/** The secrets to try, in their order: of the files, else of the option, else of the environment. */
export async function readSecrets(
  {
    secret,
    secretFile = [],
  }: { readonly secret?: string | undefined; readonly secretFile?: readonly string[] | undefined },
  report: Report,
): Promise<readonly NamedSecret[]> {
  const source = { name: 'secret', env: [variable], given: secret };
  const [first, ...others] = secretFile;
  const value = await readSecret({ ...source, file: first }, report);
  if (first === undefined) return [{ value, from: secret === undefined ? variable : '--secret' }];
  const named = [{ value, from: `--secret-file ${first}` }];
  for (const file of others) {
    const other = await findSecret({ ...source, given: undefined, file }, report);
    if (other !== undefined) named.push({ value: other, from: `--secret-file ${file}` });
  }
  return named;
}

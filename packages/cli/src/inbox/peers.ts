import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** Packages that only some stores need, and which go together. */
const together = {
  libsql: 'libsql',
  pg: 'pg',
  ioredis: 'ioredis bullmq',
  bullmq: 'ioredis bullmq',
} as const;

/**
 * Loads one of them. It must stand beside this program: what is installed in the working directory is not looked at, so
 * that the folder in which somebody types does not choose what runs with the password of the store.
 */
export async function loadPeer<T>(name: keyof typeof together, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const missing = cause instanceof Error && Reflect.get(cause, 'code') === 'ERR_MODULE_NOT_FOUND';
    // One that is there may lack something of its own.
    if (!missing || !cause.message.includes(`'${name}'`)) throw cause;
    const problem = `This needs the package ${name}, which is not installed beside @hookproof/cli.`;
    throw new Failure(exitCode.failed, 'missing_package', problem, { fix: howToInstall(together[name]), cause });
  }
}

function howToInstall(packages: string): string {
  const lines = [
    'Best in the folder of your app, which has it: npm install --save-dev @hookproof/cli, then npx hookproof …',
    `Elsewhere, in the versions of your app: npm install ${packages}`,
    `Where hookproof is installed globally: npm install --global ${packages}`,
  ];
  if (packages === 'libsql') lines.push('Node 22.13 and later need none: they have a SQLite of their own.');
  return lines.join('\n');
}

import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** Loads a package that only some stores need; where it is not installed the failure says how to. */
export async function loadPeer<T>(name: string, needed: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const missing = cause instanceof Error && Reflect.get(cause, 'code') === 'ERR_MODULE_NOT_FOUND';
    // One that is there may lack something of its own.
    if (!missing || !cause.message.includes(`'${name}'`)) throw cause;
    throw new Failure(exitCode.failed, 'missing_package', `This needs the package ${name}, which is not installed.`, {
      fix: `Run: npm install ${needed}`,
      cause,
    });
  }
}

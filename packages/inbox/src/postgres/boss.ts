import { WebhookError } from '@hookproof/core';

/** What is used of pg-boss, as its versions 10, 11 and 12 have it. */
export interface Boss {
  createQueue(name: string, options: object): Promise<unknown>;
  insert(name: string, jobs: readonly object[], options: Through): Promise<unknown>;
  fetch(name: string, options: Through & { readonly batchSize: number }): Promise<readonly { readonly id: string }[]>;
  deleteJob(name: string, ids: readonly string[], options: Through): Promise<unknown>;
  stop(options: object): Promise<void>;
}

/** Has a call of pg-boss use this connection, with the transaction that is open there. */
interface Through {
  readonly db?: { executeSql(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }> };
}

/** pg-boss before and while it starts. */
export interface Started extends Boss {
  start(): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/** Loads pg-boss and starts it; throws `invalid_options` where it is not installed. */
export async function startBoss(options: object, onError: (error: unknown) => void): Promise<Boss> {
  const PgBoss = await loadBoss();
  const boss = new PgBoss(options);
  boss.on('error', onError);
  await boss.start();
  return 'supervise' in boss ? boss : withNames(boss);
}

/** Has version 10, which reads the queue's name from the jobs, work as the later ones do. */
function withNames(boss: Boss): Boss {
  const insert: unknown = Reflect.get(boss, 'insert');
  if (typeof insert !== 'function') throw new TypeError('pg-boss has no insert()');
  return {
    createQueue: (...args) => boss.createQueue(...args),
    insert: async (_name, jobs, options) => {
      if (jobs.length > 0) await Reflect.apply(insert, boss, [jobs, options]);
    },
    fetch: (...args) => boss.fetch(...args),
    deleteJob: (...args) => boss.deleteJob(...args),
    stop: (...args) => boss.stop(...args),
  };
}

/** Finds the class in what the package exports. */
export async function loadBoss(
  load: () => Promise<unknown> = () => import('pg-boss'),
): Promise<new (options: object) => Started> {
  const module: unknown = await orNotInstalled(load);
  // Version 12 has it by its name; the ones before are CommonJS, and it is all they export.
  const found: unknown = Reflect.get(Object(module), 'PgBoss') ?? Reflect.get(Object(module), 'default');
  if (isConstructor(found)) return found;
  throw notInstalled('the package pg-boss that is installed is none that it knows');
}

async function orNotInstalled(load: () => Promise<unknown>): Promise<unknown> {
  try {
    return await load();
  } catch (error) {
    const missing = error instanceof Error && Reflect.get(error, 'code') === 'ERR_MODULE_NOT_FOUND';
    if (missing && error.message.includes("'pg-boss'")) throw notInstalled('the package pg-boss is not installed');
    throw error;
  }
}

function isConstructor(value: unknown): value is new (options: object) => Started {
  return typeof value === 'function';
}

function notInstalled(what: string): WebhookError {
  return new WebhookError('invalid_options', `postgresInbox needs pg-boss, and ${what}.`, {
    fix: 'Run "npm install pg-boss@10", or "npm install pg-boss" on Node 22.12 and later.',
  });
}

import { invalid } from '../options.ts';
import { isPool, type PostgresPool } from './client.ts';

/** Checks what the user gave as the pool. */
export function checkPool(pool: unknown): asserts pool is PostgresPool {
  if (!isPool(pool) || 'connectionParameters' in pool)
    throw invalid('pool must be a pool of the package pg: new Pool({ connectionString })');
}

/** Checks what schemas and tables are to be named. */
export function checkIdentifiers(names: Readonly<Record<string, unknown>>): void {
  for (const [option, value] of Object.entries(names)) {
    if (typeof value !== 'string' || !/^[a-z_][a-z0-9_]{0,49}$/.test(value)) {
      throw invalid(`${option} must be 1 to 50 lower-case letters, digits and underscores, and not begin with a digit`);
    }
  }
}

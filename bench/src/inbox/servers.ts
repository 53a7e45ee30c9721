/** The parts of `test/suites/inbox/servers.ts` that are used. It is built by a tsconfig of its own. */
interface ServersModule {
  readonly startPostgres: () => Promise<Server | undefined>;
  readonly startRedis: () => Promise<Server | undefined>;
}

export interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts the server of a store, with nothing in it; undefined where it is not installed. */
export async function startServer(store: 'postgres' | 'redis'): Promise<Server | undefined> {
  const servers: ServersModule = await import(new URL('../servers/servers.js', import.meta.url).href);
  return store === 'postgres' ? servers.startPostgres() : servers.startRedis();
}

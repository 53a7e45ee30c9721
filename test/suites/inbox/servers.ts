import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A database server of the tests' own, on a free port of loopback, with its data in a folder of its own. */
export interface Server {
  readonly port: number;
  readonly url: string;
  /** Ends it the hard way (SIGKILL) and starts it again on the same port with the same data. */
  readonly restart: () => Promise<void>;
  /** Ends it and deletes its data. */
  readonly stop: () => Promise<void>;
}

interface Program {
  readonly name: string;
  /** Folders besides PATH in which Debian puts it. */
  readonly folders: readonly string[];
  readonly debian: string;
  readonly prepare: (binary: string, folder: string, port: number) => void;
  readonly args: (port: number, folder: string) => readonly string[];
  readonly url: (port: number) => string;
}

const postgres: Program = {
  name: 'postgres',
  folders: versionsOf('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
  debian: 'postgresql',
  prepare(binary, folder) {
    const initdb = join(binary, '..', 'initdb');
    execFileSync(initdb, ['-D', join(folder, 'data'), '-A', 'trust', '-U', 'postgres', '-E', 'UTF8'], {
      stdio: 'ignore',
      ...unprivileged(),
      cwd: folder,
    });
  },
  args: (port, folder) => [
    ...['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', folder],
    ...['-c', 'max_connections=200'],
  ],
  url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
};

const redis: Program = {
  name: 'redis-server',
  folders: ['/usr/bin', '/usr/local/bin'],
  debian: 'redis-server',
  prepare: () => undefined,
  args: (port, folder) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
  ],
  url: (port) => `redis://127.0.0.1:${port}`,
};

/** With settings by which a transaction may use a connection that was another client's before, as most have it. */
const pgBouncer = (target: number): Program => ({
  name: 'pgbouncer',
  folders: ['/usr/sbin'],
  debian: 'pgbouncer',
  prepare(_binary, folder, port) {
    const lines = [
      ...['[databases]', `postgres = host=127.0.0.1 port=${target} dbname=postgres user=postgres`],
      ...['[pgbouncer]', 'listen_addr = 127.0.0.1', `listen_port = ${port}`, `unix_socket_dir = ${folder}`],
      ...['auth_type = any', 'pool_mode = transaction', 'default_pool_size = 5', 'max_client_conn = 200'],
    ];
    writeFileSync(join(folder, 'pgbouncer.ini'), lines.join('\n'));
  },
  args: (_port, folder) => ['-q', join(folder, 'pgbouncer.ini')],
  url: postgres.url,
});

// No server may outlive the process that started it, however that ends.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts PostgreSQL; undefined, said in one line, where it is not installed. */
export const startPostgres = (): Promise<Server | undefined> => start(postgres);

/** Starts PgBouncer before a Postgres; undefined, said in one line, where it is not installed. */
export const startPgBouncer = ({ port }: Server): Promise<Server | undefined> => start(pgBouncer(port));

/** Starts Redis; undefined, said in one line, where it is not installed. */
export const startRedis = (args: readonly string[] = []): Promise<Server | undefined> => start(redis, args);

async function start(program: Program, more: readonly string[] = []): Promise<Server | undefined> {
  const binary = find(program);
  if (binary === undefined) {
    const line = `SKIPPED: ${program.name} is not installed (Debian: apt-get install ${program.debian}).`;
    if (process.env['HOOKPROOF_REQUIRE_SERVERS'] === '1') throw new Error(line);
    console.warn(line);
    return undefined;
  }
  const { uid, gid } = unprivileged();
  // Root's own TMPDIR may be one that only root may enter.
  const folder = mkdtempSync(join(uid === undefined ? tmpdir() : '/tmp', 'hookproof-server-'));
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  const port = await freePort();
  program.prepare(binary, folder, port);
  let child = await run();

  async function run(): Promise<ChildProcess> {
    const started = spawn(binary ?? program.name, [...program.args(port, folder), ...more], {
      stdio: 'ignore',
      cwd: folder,
      ...unprivileged(),
    });
    running.add(started);
    started.once('exit', () => running.delete(started));
    await accepting(port, started, program.name);
    return started;
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  return {
    port,
    url: program.url(port),
    async restart() {
      await kill('SIGKILL');
      child = await run();
    },
    async stop() {
      await kill('SIGKILL');
      // Postgres's own children need a moment to see that it is gone.
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** PostgreSQL refuses to run as root; its Debian package brings a user for it. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return {};
  }
}

function find({ name, folders }: Program): string | undefined {
  const places = [...folders, ...(process.env['PATH'] ?? '').split(delimiter)];
  return places
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function versionsOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted((a, b) => Number(b) - Number(a));
  } catch {
    return [];
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** Waits until the server takes connections and, while it recovers, until it speaks. */
async function accepting(port: number, child: ChildProcess, name: string): Promise<void> {
  const until = performance.now() + 30_000;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`${name} ended at once with exit code ${child.exitCode}`);
    if (await answers(port, name)) return;
    await pause(50);
  }
  throw new Error(`${name} did not start within 30 s`);
}

/** Asks as little as each protocol can be asked: PING, and PostgreSQL's start-up without a password. */
function answers(port: number, name: string): Promise<boolean> {
  const startup = Buffer.from('\0\0\0\0\0\u0003\0\0user\0postgres\0database\0postgres\0\0', 'latin1');
  startup.writeInt32BE(startup.length, 0);
  const [question, good] = name === 'redis-server' ? [Buffer.from('PING\r\n'), '+'] : [startup, 'R'];
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.on('connect', () => socket.write(question));
    socket.on('data', (data) => end(data.toString('latin1', 0, 1) === good));
  });
}

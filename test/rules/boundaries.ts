import { posix } from 'node:path';
import { againstOrder, hasPlace } from './core-order.ts';
import { type Import, isNode, packageOf } from './imports.ts';
import { packages } from './workspace.ts';

/** Who may import whom. A package that is not in this table fails: decide first what it may know. */
export interface Boundary {
  /** The framework that it is the way from into a receiver. */
  readonly adapterTo?: string;
  /** Packages that it may import, and must if they are in its `dependencies`; and subpaths that are not for everybody. */
  readonly imports: readonly string[];
  /** Of these, what the user installs: `peerDependencies`, imported for their types alone unless in `loaded`. */
  readonly peers?: readonly string[];
  /** Peers that are loaded too: OpenTelemetry's API is how a library finds the SDK that the app has started. */
  readonly loaded?: readonly string[];
  /** `node:` modules that a file may import. */
  readonly node?: (file: string, imported: Import) => boolean;
  /** The file that may import what the user names when it runs. */
  readonly opens?: string;
  /** What core takes from the app and this package has itself, because it is a program and no part of the app. */
  readonly brings?: readonly string[];
  /** Dependencies that no file imports, because another dependency does. */
  readonly alongside?: readonly string[];
  /** Peers that it does not import: users give it what is made of them. */
  readonly given?: readonly string[];
  /** What is wrong where one file of the package imports another. */
  readonly inside?: (from: string, to: string) => string | undefined;
  /** Whether a file may stand where it does. */
  readonly hasPlace?: (file: string) => boolean;
}

const core = '@hookproof/core';
/** What only adapters need. */
const forAdapters = `${core}/adapter`;
/** What only inboxes need, and who looks into them. */
const forInboxes = `${core}/inbox`;

const typesOfNodeHttp = (_file: string, { name, typeOnly }: Import) => name === 'node:http' && typeOnly;
const isSuite = (file: string) => /^(inbox-)?conformance\b/.test(file);
const isSimulator = (file: string) => /^simulator\b/.test(file);
const engineOf = (file: string) => /^(memory|postgres|redis|sqlite)\b/.exec(file)?.[0];

const rows: Readonly<Record<string, Boundary>> = {
  cli: {
    imports: [
      core,
      forInboxes,
      '@hookproof/endpoints',
      '@hookproof/inbox',
      '@hookproof/testing',
      '@bomb.sh/tab',
      '@commander-js/extra-typings',
      'bullmq',
      'cli-progress',
      'cli-table3',
      'ioredis',
      'libsql',
      'pg',
      'picocolors',
      'undici',
      'zod',
    ],
    peers: ['bullmq', 'ioredis', 'libsql', 'pg'],
    // By `import()` when an inbox of theirs is opened, those of @hookproof/inbox to say whether they are there.
    loaded: ['bullmq', 'ioredis', 'libsql', 'pg'],
    node: () => true,
    // A provider of the user's own, by the path on the command line.
    opens: 'providers.ts',
    brings: ['zod'],
    // What @commander-js/extra-typings gives types to, as its peer.
    alongside: ['commander'],
  },
  core: { imports: ['zod'], inside: againstOrder, hasPlace },
  endpoints: { imports: [core, forInboxes, 'zod'] },
  express: { adapterTo: 'express', imports: [core, forAdapters, 'express'], peers: ['express'], node: typesOfNodeHttp },
  fastify: {
    adapterTo: 'fastify',
    imports: [core, forAdapters, 'fastify-plugin', 'fastify'],
    peers: ['fastify'],
    node: typesOfNodeHttp,
  },
  hono: { adapterTo: 'hono', imports: [core, forAdapters, 'hono'], peers: ['hono'] },
  inbox: {
    imports: [core, forInboxes, 'bullmq', 'libsql'],
    peers: ['bullmq', 'libsql'],
    given: ['ioredis', 'pg'],
    // By `import()` when the engine that needs it is opened.
    loaded: ['bullmq'],
    node: () => true,
    inside: (from, to) =>
      from === 'index.ts' || [undefined, engineOf(from)].includes(engineOf(to)) ? undefined : 'is of another engine',
  },
  otel: {
    imports: [core, forInboxes, '@opentelemetry/api'],
    peers: ['@opentelemetry/api'],
    loaded: ['@opentelemetry/api'],
  },
  testing: {
    imports: [core, forAdapters, forInboxes],
    // The conformance suites and the simulator speak to real sockets; the rest runs on every runtime.
    node: (file) => isSuite(file) || isSimulator(file),
    inside: (from, to) =>
      (isSuite(from) || !isSuite(to)) && (isSimulator(from) || !isSimulator(to)) ? undefined : 'needs real sockets',
  },
};

/** What core takes from the app, with its range: the types of two copies do not fit. So does whoever depends on core. */
export const peersOfCore: Readonly<Record<string, string>> = Object.fromEntries(
  packages
    .filter(({ folder }) => folder === 'core')
    .flatMap(({ manifest }) => Object.entries(manifest.peerDependencies))
    .filter(([name]) => rows['core']?.imports.includes(name)),
);

export const boundaries: Readonly<Record<string, Boundary>> = Object.fromEntries(
  Object.entries(rows).map(([folder, row]) => {
    const { peers = [], loaded = [], brings = [] } = row;
    const takes = folder === 'core' || row.imports.includes(core);
    const shared = takes ? Object.keys(peersOfCore).filter((name) => !brings.includes(name)) : [];
    return [folder, { ...row, peers: [...peers, ...shared], loaded: [...loaded, ...shared] }];
  }),
);

/** What is wrong with an import, in words. */
export function violation(boundary: Boundary, files: readonly string[], file: string, imported: Import) {
  const { name } = imported;
  if (name.startsWith('.')) {
    const target = posix.join(posix.dirname(file), name);
    if (target.startsWith('..')) return 'leaves the package';
    if (!files.includes(target)) return 'is no source file of the package';
    return boundary.inside?.(file, target);
  }
  if (isNode(name)) return boundary.node?.(file, imported) ? undefined : 'ties this file to Node';
  if (imported.isComputed && boundary.opens === file) return undefined;
  const isForFew = [forAdapters, forInboxes].includes(name);
  if (!boundary.imports.includes(isForFew ? name : packageOf(name))) return 'is not for this package';
  const typesAlone = boundary.peers?.includes(packageOf(name)) && !boundary.loaded?.includes(packageOf(name));
  if (typesAlone && !imported.typeOnly) return 'is a peer: import its types alone';
  return undefined;
}

/** A process of its own that says in which files the time of a delivery goes. */
import { type Profiler, Session } from 'node:inspector/promises';
import { answer } from '../children.ts';
import { makePair, type Subject } from '../cpu/subjects.ts';

export interface ProfileQuestion {
  readonly subject: Subject;
  readonly deliveries: number;
}

export interface ProfileAnswer {
  /** Processor time of a delivery in microseconds, measured without the profiler, which makes all slower. */
  readonly cpuUs: number;
  /** How often the profiler met each place. */
  readonly hits: Readonly<Record<string, number>>;
}

answer(async ({ subject, deliveries }: ProfileQuestion): Promise<ProfileAnswer> => {
  const { ours } = await makePair(subject);
  const receive = async () => {
    for (let count = 0; count < deliveries; count++) await ours();
  };
  // Not counted: until then the engine compiles.
  await receive();
  const before = process.cpuUsage();
  await receive();
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: (user + system) / deliveries, hits: hitsOf(await profiled(receive)) };
});

async function profiled(run: () => Promise<void>): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  await run();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return profile;
}

function hitsOf({ nodes }: Profiler.Profile): Record<string, number> {
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  const hits: Record<string, number> = {};
  for (const node of nodes) {
    const place = placeOf(node, parents);
    if (place !== undefined) hits[place] = (hits[place] ?? 0) + (node.hitCount ?? 0);
  }
  return hits;
}

/** The file of core or zod that was at work, also when what it called was Node's; undefined where nothing was. */
function placeOf(node: Profiler.ProfileNode, parents: ReadonlyMap<number, Profiler.ProfileNode>): string | undefined {
  if (node.callFrame.functionName === '(idle)') return undefined;
  if (node.callFrame.functionName === '(garbage collector)') return 'garbage collection';
  for (let frame: Profiler.ProfileNode | undefined = node; frame !== undefined; frame = parents.get(frame.id)) {
    const { url } = frame.callFrame;
    if (url.includes('/node_modules/zod/')) return 'zod';
    const [, file] = /\/core\/dist\/(.+)\.js$/.exec(url) ?? [];
    if (file !== undefined) return `core/${file}`;
    if (url.includes('/bench/dist/')) return 'the benchmark: its handler and stock';
  }
  return 'promises and the engine';
}

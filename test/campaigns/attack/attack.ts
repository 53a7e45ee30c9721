import fc from 'fast-check';
import { frameworks } from './apps.ts';
import { anyDelivery } from './deliveries.ts';
import { fetchTarget, receiveTarget, type Target } from './in-process.ts';
import type { Row } from './judge.ts';
import { adapterTarget } from './over-sockets.ts';
import { type Scheme, schemes } from './schemes.ts';

/** One way into a receiver of one scheme. */
export interface Attack {
  /** Such as `grantex v2, express`. */
  readonly name: string;
  readonly scheme: Scheme;
  readonly open: () => Promise<Target>;
  /** Its part of all cases: sockets are slower. */
  readonly share: number;
}

const ways: readonly (readonly [way: string, share: number, open: (scheme: Scheme) => Promise<Target>])[] = [
  ['receive', 12, async (scheme) => receiveTarget(scheme)],
  ['fetch', 5, async (scheme) => fetchTarget(scheme)],
  ...frameworks.map((framework) => [framework, 2, (scheme: Scheme) => adapterTarget(framework, scheme)] as const),
];

export const attacks: readonly Attack[] = ways.flatMap(([way, share, open]) =>
  schemes.map((scheme) => ({ name: `${scheme.name}, ${way}`, scheme, open: () => open(scheme), share })),
);

const shares = attacks.reduce((sum, { share }) => sum + share, 0);

/** How many of all cases an attack gets. */
export function runsOf({ share }: Attack, runs: number): number {
  return Math.ceil((runs * share) / shares);
}

/** Where to begin, and how far to go. */
export interface Course {
  readonly runs: number;
  readonly seed: number;
  /** Leads to one case of that seed, where fast-check has named it. */
  readonly path?: string | undefined;
  /** Called before every case. */
  readonly onCase?: () => void;
}

/** A case that takes longer than this hangs, in milliseconds. */
const longestCase = 10_000;

/**
 * Sends deliveries until one does not get what it deserves; then it throws, and says how to repeat that.
 *
 * @returns how often each outcome came, so that a reader sees that not all was junk
 */
export async function run(attack: Attack, { runs, seed, path, onCase }: Course): Promise<ReadonlyMap<Row, number>> {
  const target = await attack.open();
  const counts = new Map<Row, number>();
  const property = fc.asyncProperty(anyDelivery(attack.scheme), async (sent) => {
    onCase?.();
    const outcome = await target.attack(sent);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  });
  try {
    const found = await fc.check(property, { numRuns: runs, seed, timeout: longestCase, ...(path && { path }) });
    if (!found.failed) return counts;
    const { counterexamplePath } = found;
    throw new Error(
      [
        `${attack.name}: ${found.errorInstance ?? 'failed'}`,
        fc.stringify(found.counterexample?.[0]).slice(0, 3_000),
        `Repeat it: ${repeatIt(attack.name, seed, counterexamplePath ?? '')}`,
      ].join('\n'),
      { cause: found.errorInstance },
    );
  } finally {
    await target.close();
  }
}

export function repeatIt(name: string, seed: number, path: string): string {
  const settings = `HOOKPROOF_ATTACK_TARGET='${name}' HOOKPROOF_ATTACK_SEED=${seed}`;
  return `${settings}${path && ` HOOKPROOF_ATTACK_PATH=${path}`} npx -y pnpm@12 attack`;
}

/** What the environment asks for: `HOOKPROOF_ATTACK_RUNS`, `_SEED`, `_PATH` and `_TARGET`. */
export function settings(env: Readonly<Record<string, string | undefined>>, runs: number) {
  const path = env['HOOKPROOF_ATTACK_PATH'];
  const target = env['HOOKPROOF_ATTACK_TARGET'];
  return {
    runs: whole('HOOKPROOF_ATTACK_RUNS', env['HOOKPROOF_ATTACK_RUNS'] ?? String(runs)),
    // Another one every time, so that repeated runs see more; it is printed.
    seed: whole('HOOKPROOF_ATTACK_SEED', env['HOOKPROOF_ATTACK_SEED'] ?? String(Date.now() % 2 ** 31)),
    path,
    attacks: target === undefined ? attacks : attacks.filter(({ name }) => name.includes(target)),
  };
}

function whole(name: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new RangeError(`${name} must be a whole number, but is "${text}".`);
}

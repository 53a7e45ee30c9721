/** What a server process holds, after a garbage collection. */
export interface Held {
  readonly heapBytes: number;
  /** What keeps its event loop busy, by kind, such as `Timeout` or `TCPSocketWrap`. */
  readonly resources: Readonly<Record<string, number>>;
}

/** By how much the last third's middle sample may exceed that of the first third. */
const most = { heap: 0.1, resources: 5 } as const;

/**
 * Compares the last third of samples with the first: what grows is said, each in one line. The first tenth does not count,
 * because until then code is compiled and connections are made.
 */
export function growthIn(samples: readonly Held[]): readonly string[] {
  const counted = samples.slice(Math.ceil(samples.length / 10));
  const third = Math.floor(counted.length / 3);
  if (third === 0) return ['there are too few samples to see growth'];
  const middles = (of: (held: Held) => number) =>
    [counted.slice(0, third), counted.slice(-third)].map((part) => median(part.map(of))) as [number, number];
  const [before, after] = middles(({ heapBytes }) => heapBytes);
  const growing: string[] = [];
  if (after > before * (1 + most.heap))
    growing.push(`the heap grew from ${mebibytes(before)} to ${mebibytes(after)} MiB`);
  for (const kind of kindsIn(counted)) {
    const [from, to] = middles(({ resources }) => resources[kind] ?? 0);
    if (to > from + most.resources) growing.push(`${kind} grew from ${from} to ${to}`);
  }
  return growing;
}

/** The first and the last sample, in words. */
export function heldInWords(samples: readonly Held[]): string {
  const words = (held: Held | undefined) => {
    const resources = Object.entries(held?.resources ?? {}).map(([kind, count]) => `${count} ${kind}`);
    return `${mebibytes(held?.heapBytes ?? 0)} MiB of heap, ${resources.join(', ')}`;
  };
  return `at first ${words(samples[0])}; at last ${words(samples.at(-1))}`;
}

function kindsIn(samples: readonly Held[]): ReadonlySet<string> {
  return new Set(samples.flatMap(({ resources }) => Object.keys(resources)));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

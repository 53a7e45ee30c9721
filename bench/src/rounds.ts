/**
 * Runs each contender once per round and begins every round with another one, so that whatever else the machine does
 * meets all of them alike.
 */
export async function interleave<Name extends string, Result>(
  contenders: readonly Name[],
  rounds: number,
  run: (contender: Name) => Promise<Result>,
): Promise<Record<Name, Result[]>> {
  const results = Object.fromEntries(contenders.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const name = contenders[(round + turn) % contenders.length];
      if (name !== undefined) results[name].push(await run(name));
    }
  }
  return results;
}

/** A ratio that was taken once per round: the middle one, the lowest and the highest. */
export interface Ratio {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The ratios of figures from the same rounds. */
export function ratio(figures: readonly number[], base: readonly number[]): Ratio {
  const ratios = figures.map((figure, round) => figure / (base[round] ?? Number.NaN));
  return { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) };
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new RangeError('There is no median of nothing.');
  return (low + high) / 2;
}

/**
 * `pnpm attack:timing`: whether the time of a comparison tells how much of a forged signature is right.
 *
 * After dudect (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?"): two classes of forgeries in random
 * order, and Welch's t between their times, over all measurements and over those below several percentiles, because what
 * interrupts a measurement only ever makes it longer. A comparison that stops at the first difference is measured by the
 * same instrument: where that one does not stand out, the figures of the others mean nothing.
 *
 * Nothing fails here: on a busy machine t is high now and then without a leak. HOOKPROOF_ATTACK_RUNS sets the number of
 * measurements per row, 200,000 by default.
 */

import { createHmac, randomBytes, randomInt } from 'node:crypto';
import process from 'node:process';
// The comparison is not public.
import { cryptography } from '../../../packages/core/src/proof/crypto.ts';
import { webCryptography } from '../../../packages/core/src/proof/web-crypto.ts';

type Compare = (expected: string, given: string) => boolean;

const runs = Number(process.env['HOOKPROOF_ATTACK_RUNS'] ?? 200_000);
/** Comparisons per measurement: one alone is shorter than the clock's own noise. */
const repeats = 32;
const crops = [50, 75, 90, 95, 99, 100];

function stopsEarly(expected: string, given: string): boolean {
  for (let i = 0; i < expected.length; i++) if (expected[i] !== given[i]) return false;
  return expected.length === given.length;
}

const subjects: readonly (readonly [name: string, compare: Compare])[] = [
  ['node:crypto', cryptography.equal],
  ['WebCrypto', webCryptography().equal],
  ['leaky, for comparison', stopsEarly],
];

// What is compared in earnest: the text of a signature in hex.
const expected = flat(createHmac('sha256', randomBytes(32)).update('a body').digest('hex'));

/** One kind of string for all, as a header is: another kind alone would take another time. */
function flat(text: string): string {
  return Buffer.from(text).toString('latin1');
}

const hexDigits = '0123456789abcdef';

function wrongAt(place: number): string {
  const wrong = hexDigits[(hexDigits.indexOf(expected[place] ?? '') + 1 + randomInt(15)) % 16];
  return flat(`${expected.slice(0, place)}${wrong}${expected.slice(place + 1)}`);
}

const fixed = wrongAt(expected.length - 1);
const classes: readonly (readonly [name: string, first: () => string, second: () => string])[] = [
  ['first byte wrong / last byte wrong', () => wrongAt(0), () => wrongAt(expected.length - 1)],
  ['fixed / random', () => flat(fixed), () => flat(randomBytes(32).toString('hex'))],
];

interface Measured {
  /** Which of the two classes each measurement is of. */
  readonly of: Uint8Array;
  /** Nanoseconds for all repeats. */
  readonly times: Float64Array;
}

function measure(compare: Compare, first: () => string, second: () => string): Measured {
  // Many buffers of each class, so that no class has the cache to itself.
  const pools = [first, second].map((make) => Array.from({ length: 256 }, make));
  const warmUp = Math.ceil(runs / 10);
  const of = new Uint8Array(runs);
  const times = new Float64Array(runs);
  const order = randomBytes(2 * (runs + warmUp));
  let matches = 0;
  for (let i = -warmUp; i < runs; i++) {
    const at = 2 * (i + warmUp);
    const which = (order[at] ?? 0) & 1;
    const given = pools[which]?.[order[at + 1] ?? 0] ?? expected;
    const start = process.hrtime.bigint();
    for (let repeat = 0; repeat < repeats; repeat++) if (compare(expected, given)) matches++;
    const time = Number(process.hrtime.bigint() - start);
    if (i < 0) continue;
    of[i] = which;
    times[i] = time;
  }
  if (matches > 0) throw new Error('A forgery matched.');
  return { of, times };
}

interface Sample {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

function sample({ of, times }: Measured, which: number, longest: number): Sample {
  let [count, mean, squares] = [0, 0, 0];
  for (const [index, time] of times.entries()) {
    if (of[index] !== which || time > longest) continue;
    count++;
    const delta = time - mean;
    mean += delta / count;
    squares += delta * (time - mean);
  }
  return { count, mean, variance: squares / (count - 1) };
}

/** Welch's t: how many standard errors the means of two samples lie apart. */
function welch(a: Sample, b: Sample): number {
  // So fast that the other class has nothing to show below this percentile.
  if (a.count < 2 || b.count < 2) return Number.POSITIVE_INFINITY;
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count);
}

function report(name: string, measured: Measured): void {
  const sorted = measured.times.toSorted();
  const scores = crops.map((percent) => {
    const longest = sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0;
    return welch(sample(measured, 0, longest), sample(measured, 1, longest));
  });
  const worst = Math.max(...scores.map(Math.abs));
  const medianNs = (sorted[Math.floor(sorted.length / 2)] ?? 0) / repeats;
  const reading = worst < 4.5 ? 'no leak seen' : worst < 10 ? 'doubtful: measure again' : 'leaks';
  const cells = [...scores.map((t) => t.toFixed(2)), worst.toFixed(2), medianNs.toFixed(1)];
  console.log(`${name.padEnd(24)}${cells.map((cell) => cell.padStart(9)).join('')}   ${reading}`);
}

console.log(`Welch's t over ${runs} measurements of ${repeats} comparisons; |t| < 4.5: no leak seen.`);
for (const [title, first, second] of classes) {
  const heads = [...crops.map((percent) => `≤ p${percent}`), 'max |t|', 'ns each'];
  console.log(`\n${title}`);
  console.log(`${''.padEnd(24)}${heads.map((cell) => cell.padStart(9)).join('')}`);
  for (const [name, compare] of subjects) report(name, measure(compare, first, second));
}

import { start } from '../children.ts';
import { type SchemeName, schemes } from '../deliveries.ts';
import { median, type Ratio, ratio } from '../rounds.ts';
import type { MeasureAnswer, MeasureQuestion } from './measure.ts';

/** How long and how often to measure. */
export interface InProcessPlan {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly samples: number;
  readonly sampleMs: number;
}

/** One contender beside another, its base. */
export interface InProcessRow {
  readonly subject: string;
  readonly bytes: number;
  readonly contender: string;
  readonly base: string;
  /** The contender's processor time by the base's in the same round; above 1 costs more. */
  readonly ratio: Ratio;
  /** Medians of the rounds, in microseconds per delivery. */
  readonly cpuUs: number;
  readonly baseCpuUs: number;
}

/** Measures everything that needs no network, one process per scheme. */
export async function inProcess(plan: InProcessPlan, progress: (what: string) => void): Promise<InProcessRow[]> {
  const rows: InProcessRow[] = [];
  for (const scheme of Object.keys(schemes) as SchemeName[]) {
    rows.push(...(await measure('receive', scheme, scheme, plan, progress)));
  }
  rows.push(...(await measure('fetch', 'grantex v2', 'fetch, grantex v2', plan, progress)));
  rows.push(...(await measure('hmac', 'grantex v2', 'HMAC alone', plan, progress)));
  return rows;
}

async function measure(
  subject: MeasureQuestion['subject'],
  scheme: SchemeName,
  name: string,
  { sizes, ...times }: InProcessPlan,
  progress: (what: string) => void,
): Promise<InProcessRow[]> {
  progress(`in process: ${name}`);
  const child = start(new URL('./measure.js', import.meta.url), scheme);
  const rows: InProcessRow[] = [];
  for (const bytes of sizes) {
    const question: MeasureQuestion = { subject, bytes, ...times };
    rows.push(...toRows(name, bytes, await child.ask<MeasureAnswer>(question)));
  }
  await child.stop();
  return rows;
}

/** The first contender is the base of the others. */
function toRows(subject: string, bytes: number, results: MeasureAnswer): InProcessRow[] {
  const [[base, baseTimes] = ['', []], ...others] = Object.entries(results);
  return others.map(([contender, times]) => ({
    subject,
    bytes,
    contender,
    base,
    ratio: ratio(times, baseTimes),
    cpuUs: median(times),
    baseCpuUs: median(baseTimes),
  }));
}

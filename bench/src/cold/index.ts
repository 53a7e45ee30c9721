import { start } from '../children.ts';
import { makeArrivedDelivery, schemes } from '../deliveries.ts';
import { interleave, median, type Ratio, ratio } from '../rounds.ts';
import type { ColdAnswer, ColdQuestion } from './cold.ts';
import { type Contender, contenders } from './contenders.ts';

/** Processes of each contender. */
export interface ColdPlan {
  readonly rounds: number;
}

/** From the import to the first reply, ours beside hand-written. */
export interface ColdResult {
  /** The hand-written processor time by ours in the same round; above 1 ours is cheaper. */
  readonly ratio: Ratio;
  /** Medians of the rounds. */
  readonly ours: ColdAnswer;
  readonly base: ColdAnswer;
}

/** Starts each contender again and again, and gives it one delivery. */
export async function cold({ rounds }: ColdPlan, progress: (what: string) => void): Promise<ColdResult> {
  progress('cold start');
  // Not counted: then the files are in memory.
  await interleave(contenders, 1, startCold);
  const results = await interleave(contenders, rounds, startCold);
  const [base, ours] = [results['hand-written'], results.hookproof];
  const cpuMs = (answers: readonly ColdAnswer[]) => answers.map((answer) => answer.cpuMs);
  return { ratio: ratio(cpuMs(base), cpuMs(ours)), ours: medians(ours), base: medians(base) };
}

async function startCold(contender: Contender): Promise<ColdAnswer> {
  const { headers, body } = await makeArrivedDelivery('grantex v2', 250);
  const question: ColdQuestion = { headers, body: body.toString() };
  const env = { WEBHOOK_SECRET: schemes['grantex v2'].secret };
  const child = start(new URL('./cold.js', import.meta.url), [contender], { env });
  const answer = await child.ask<ColdAnswer>(question);
  await child.stop();
  return answer;
}

function medians(answers: readonly ColdAnswer[]): ColdAnswer {
  return { tookMs: median(answers.map(({ tookMs }) => tookMs)), cpuMs: median(answers.map(({ cpuMs }) => cpuMs)) };
}

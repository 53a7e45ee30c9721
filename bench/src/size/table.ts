import { table, verdictCell } from '../table.ts';
import { budgets, judgeBytes, type Verdict } from '../targets.ts';
import type { Weight } from './weigh.ts';

const measures = [
  ['minified', 'minifiedBytes'],
  ['gzip', 'gzipBytes'],
] as const;

/** The bundle's bytes beside its budget, and whose they are. */
export function sizeTable(weight: Weight): string {
  const rows = measures.map(([name, measure]) => {
    const { must, aim } = budgets[measure];
    const verdict = judgeBytes(weight[measure], budgets[measure]);
    const wanted = [verdictCell(count(must), verdict.must), verdictCell(count(aim), verdict.aim)];
    return [count(weight[measure]), ...wanted, name, 'grantex, receiver.fetch'];
  });
  const { core, zod, rest } = weight.shares;
  const shares = `Of the minified bytes ${count(core)} are core's, ${count(zod)} zod's, and ${count(rest)} the rest.`;
  return `${table(['bytes', 'must', 'aim', 'what', 'of'], rows)}\n\n${shares}`;
}

export function sizeVerdicts(weight: Weight): Verdict[] {
  return measures.map(([, measure]) => judgeBytes(weight[measure], budgets[measure]));
}

function count(bytes: number): string {
  return bytes.toLocaleString('en');
}

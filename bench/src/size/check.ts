/** Fails where the bundle of a Worker with one provider is over its budget. */
import { budgets } from '../targets.ts';
import { sizeTable, sizeVerdicts } from './table.ts';
import { weigh } from './weigh.ts';

const weight = await weigh();
console.log(sizeTable(weight));
if (sizeVerdicts(weight).some(({ must }) => !must)) {
  const { minifiedBytes, gzipBytes } = budgets;
  console.error(`
A Worker with one provider is over its budget of ${minifiedBytes.must / 1_000} KB minified and ${gzipBytes.must / 1_000} KB by gzip.
Look at what core has begun to import: the shares above say whether the bytes are its own or zod's
(import * as core from 'zod/v4/core' leaves out what import { core } from 'zod' keeps).`);
  process.exitCode = 1;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { causes } from '../../../packages/core/src/diagnosis/causes.ts';
import { allCauses } from '../../suites/diagnosis/causes.ts';
import { root } from '../workspace.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** The first cell of every row of a table that has three. */
function rowsOf(page: string): readonly string[] {
  return page.split('\n').flatMap((line) => /^\| `(\w+)` +\| \S.* \| \S.* \|$/.exec(line)?.[1] ?? []);
}

test('docs/diagnosis.md lists every cause once, in the order of a delivery’s way', () => {
  const outcomes = read('README.md');
  const codes = allCauses.filter((cause) => !Object.hasOwn(causes, cause));
  codes.sort((a, b) => outcomes.indexOf(`\`${a}\``) - outcomes.indexOf(`\`${b}\``));
  expect(codes).toContain('body_consumed');
  expect(rowsOf(read('docs/diagnosis.md'))).toEqual([...Object.keys(causes), ...codes]);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../workspace.ts';

const [, promises = ''] = readFileSync(join(root, 'SECURITY.md'), 'utf8').split('## What is promised');
const [, ...rows] = (promises.split('\n## ')[0] ?? '').match(/^\| [^-].*$/gm) ?? [];
/** The last link of each row. */
const tests = rows.map((row) => /\[([^\]]+)\]\(([^)]+\.ts)\)[^[]*$/.exec(row)?.slice(1) ?? [row, '']);

it('SECURITY.md makes its promises', () => {
  expect(tests.length).toBeGreaterThan(20);
});

it.each(tests)('SECURITY.md names a test that is there: %s (%s)', (title = '', path = '') => {
  expect(path, 'the row links to a test').not.toBe('');
  expect(readFileSync(join(root, path), 'utf8')).toContain(title);
});

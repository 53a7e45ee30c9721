import Table from 'cli-table3';
import { visibleLength } from './wrap.ts';

const none = { top: '', bottom: '', left: '', right: '', middle: '', mid: '' } as const;
const chars = {
  ...none,
  ...{ 'top-mid': '', 'top-left': '', 'top-right': '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};
const gap = 2;
const leastWidth = 24;

/**
 * Lines of a table without borders. The last column is cut to what the width leaves of it, but not below 24 characters.
 *
 * @param width characters of a line; undefined where none is too long
 */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): readonly string[] {
  const others = head.slice(0, -1).map((_, column) => {
    const lengths = [head, ...rows].map((row) => visibleLength(row[column] ?? ''));
    return lengths.reduce((most, length) => Math.max(most, length), 0) + gap;
  });
  const left = width === undefined ? undefined : width - others.reduce((sum, other) => sum + other, 0);
  const table = new Table({
    chars,
    style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [] },
    colWidths: [...others.map(() => null), left === undefined ? null : Math.max(left, leastWidth) + gap],
  });
  table.push([...head], ...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

import type { Ratio } from './rounds.ts';
import { judge, type Target } from './targets.ts';

/** Rows as a Markdown table. The last columns are text, the others figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], textColumns = 2): string {
  const columns = head.map((title, column) => {
    const width = Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0));
    return { width, isText: column >= head.length - textColumns };
  });
  const line = (cells: readonly string[]) => {
    const padded = columns.map(({ width, isText }, column) =>
      isText ? cells[column]?.padEnd(width) : cells[column]?.padStart(width),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = columns.map(({ width, isText }) => (isText ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

export function ratioCells({ median, lowest, highest }: Ratio): [string, string] {
  return [median.toFixed(2), `${lowest.toFixed(2)}–${highest.toFixed(2)}`];
}

/** Must and aim, each with what became of it; empty where a row has none. */
export function targetCells({ median }: Ratio, target: Target | undefined): [string, string] {
  if (target === undefined) return ['', ''];
  const verdict = judge(median, target);
  return [verdictCell(target.must.toFixed(2), verdict.must), verdictCell(target.aim?.toFixed(2), verdict.aim)];
}

/** What is wanted, and whether it is met. */
export function verdictCell(wanted: string | undefined, met: boolean | undefined): string {
  return wanted === undefined ? '' : `${wanted} ${met ? 'met' : 'not met'}`;
}

export function micros(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

export function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = Math.round(bytes / 1024);
  return kib < 1024 ? `${kib} KiB` : `${Math.round(kib / 1024)} MiB`;
}

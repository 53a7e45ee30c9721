/** How wide a stream is, where it is a terminal. */
export interface Width {
  readonly isTTY?: boolean | undefined;
  /** In characters. */
  readonly columns?: number | undefined;
}

/** Text for a stream: where it is a terminal, lines that are too long for it go on in the next one, and no word is broken. */
export function wrapped(text: string, { isTTY, columns }: Width): string {
  if (isTTY !== true || columns === undefined || columns === 0) return text;
  return text
    .split('\n')
    .flatMap((line) => folded(line, columns))
    .join('\n');
}

/** A line in pieces of a width. What has several spaces before it, such as a comment or a column, stays together. */
function folded(line: string, width: number): readonly string[] {
  if (visibleLength(line) <= width) return [line];
  const indent = line.slice(0, line.length - line.trimStart().length);
  const hang = `${indent}  `;
  const lines: string[] = [];
  let current = indent;
  const add = (gap: string, part: string) => {
    const isFirst = current.length <= hang.length && current.trim() === '';
    if (isFirst || visibleLength(current) + gap.length + visibleLength(part) <= width) {
      current += isFirst ? part : gap + part;
      return;
    }
    lines.push(current);
    current = hang + part;
  };
  let gap = '';
  for (const part of line.slice(indent.length).split(/( {2,})/)) {
    if (/^ {2,}$/.test(part)) gap = part;
    else if (visibleLength(part) <= width - hang.length) add(gap, part);
    else for (const [at, word] of part.split(' ').entries()) add(at === 0 ? gap : ' ', word);
  }
  return [...lines, current];
}

/** How many characters of a text a terminal shows. */
export function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
  return text.replace(/\u001b\[\d+m/g, '').length;
}

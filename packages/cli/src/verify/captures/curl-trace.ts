import { usage } from '../../failure.ts';
import { readFraming } from './framing.ts';
import { readHead } from './head.ts';
import type { CapturedRequest } from './request.ts';

/** One piece of what was sent, as curl announces it. */
interface Section {
  readonly kind: 'header' | 'data';
  readonly size: number;
  readonly lines: DumpLine[];
}

/** A line of a dump: where its bytes begin, and how they are shown. */
interface DumpLine {
  readonly offset: number;
  readonly shown: string;
}

/** Reads what `curl --trace` or `curl --trace-ascii` prints. The bytes of --trace are exact. */
export function readCurlTrace(text: string): readonly CapturedRequest[] {
  const sections = sectionsOf(text);
  const starts = sections.flatMap(({ kind }, index) => (kind === 'header' ? [index] : []));
  return starts.map((start, index) => requestOf(sections.slice(start, starts[index + 1])));
}

/** A line that ends one section and may begin another; --trace-time and --trace-ids write before it. */
const announcement = /^(?:[\d:.]{8,16} )?(?:\[[\dx-]{1,20}\] )?(=>|<=|==) /;

/** Whether a line is one of those that only a trace has. */
export function isTraceLine(line: string): boolean {
  return announcement.test(line);
}

function sectionsOf(text: string): readonly Section[] {
  const sections: Section[] = [];
  let current: Section | undefined;
  for (const line of text.split('\n')) {
    const announced = announcement.exec(line);
    if (announced !== null) {
      const sent = /^=> Send (header|data), (\d{1,10}) bytes/.exec(line.slice(announced[0].length - 3));
      const kind = sent?.[1] === 'header' ? 'header' : 'data';
      current = sent === null ? undefined : { kind, size: Number(sent[2]), lines: [] };
      if (current !== undefined) sections.push(current);
      continue;
    }
    const dumped = /^([\da-f]{4,8}): ?(.*)$/.exec(line.replace(/\r$/, ''));
    if (dumped !== null) current?.lines.push({ offset: Number.parseInt(dumped[1] ?? '', 16), shown: dumped[2] ?? '' });
  }
  return sections;
}

function requestOf([header, ...data]: readonly Section[]): CapturedRequest {
  if (header === undefined) throw new TypeError('A request of a trace begins with its head.');
  const isHex = isHexDump(header);
  const bytesOf = isHex ? bytesOfHex : bytesOfText;
  const head = readHead(
    Buffer.from(bytesOf(header))
      .toString('latin1')
      .split('\r\n')
      .filter((line) => line !== ''),
  );
  const sent = Buffer.concat(data.map(bytesOf));
  const { notes, ...framed } = readFraming(head.headers, sent);
  const lossy = isHex || !framed.body.includes('.'.charCodeAt(0)) ? [] : [dotsNote];
  return { ...head, ...framed, notes: [...head.notes, ...notes, ...lossy] };
}

const dotsNote =
  '--trace-ascii shows line feeds, tabs and all that is not ASCII as dots: a body that has such bytes does not fit. ' +
  'Take the capture with curl --trace, or give the body with --body-file.';

const hexWidth = 16;

function isHexDump({ size, lines: [first] }: Section): boolean {
  const count = Math.min(hexWidth, size);
  return first !== undefined && new RegExp(`^(?:[\\da-f]{2} ){${count}}`).test(`${first.shown} `);
}

function bytesOfHex({ size, lines }: Section): Uint8Array {
  const bytes = Buffer.concat(
    lines.map(({ shown }, index) => {
      const count = Math.min(hexWidth, size - index * hexWidth);
      return Buffer.from(shown.slice(0, Math.max(count, 0) * 3).replaceAll(' ', ''), 'hex');
    }),
  );
  if (bytes.length !== size) throw damaged();
  return bytes;
}

/** A new line of --trace-ascii stands for CRLF where the offsets leave room for it, and for nothing elsewhere. */
function bytesOfText({ size, lines }: Section): Uint8Array {
  const parts = lines.map(({ offset, shown }, index) => {
    const room = (lines[index + 1]?.offset ?? size) - offset - shown.length;
    if (room !== 0 && room !== 2) throw damaged();
    return room === 0 ? shown : `${shown}\r\n`;
  });
  const bytes = Buffer.from(parts.join(''), 'latin1');
  if (bytes.length !== size) throw damaged();
  return bytes;
}

function damaged(): Error {
  return usage(
    'The trace is damaged: a dump has not as many bytes as curl says.',
    'Take it with curl --trace <file>, and give that file as it is.',
  );
}

import type { LoggedDelivery, MissingDelivery } from '@hookproof/endpoints';
import { printable, type Report } from '../terminal.ts';
import type { Counts } from './checkpoint.ts';

/** Prints a delivery on a line. */
export async function tellDelivery(
  report: Report,
  kind: 'missing' | 'recovered',
  endpoint: string | undefined,
  delivery: LoggedDelivery | MissingDelivery,
): Promise<void> {
  const { green, red } = report.colours;
  const { id, eventId, type, createdAt, status, attempts } = delivery;
  const tried = 'tried' in delivery ? delivery.tried : undefined;
  const attempted = attempts === undefined ? undefined : `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  const event = [createdAt, type].map(printable);
  const about = [
    printable(eventId ?? id),
    [status, attempted].filter(Boolean).map(String).map(printable).join(', '),
    ...(tried === undefined ? [] : [printable(wordsOf(tried))]),
  ];
  const { isTTY, columns = 80 } = report.terminal.stdout;
  const isTooLong = isTTY === true && [kind, ...event, ...about].join('  ').length > columns;
  const start = `${(kind === 'missing' ? red : green)(kind)}  ${event.join('  ')}`;
  // An id is there to be copied, and stays whole.
  await report.say(`${start}${isTooLong ? '\n' : ''}  ${about.join('  ')}`);
  const { isPending: _, outcome: __, ...told } = delivery;
  await report.record({ kind, endpoint, ...told });
}

/** What came of getting it, in words. */
function wordsOf(tried: string): string {
  const words = new Map([
    ['stored', 'sent again: a receiver has stored it, but not in this inbox under this name'],
    ['duplicate', 'sent again: a receiver knows it, but not in this inbox under this name'],
    ['not there yet', 'sent again, and not there yet'],
    ['not_found', 'could not be sent again: the provider has it no more'],
    ['signature_mismatch', 'not taken in: the signature does not fit what the log has kept'],
    ['stale_delivery', 'not taken in: it was signed too long ago'],
  ]);
  return words.get(tried) ?? `tried: ${tried}`;
}

/** Prints what became of all of them. */
export async function tellSum(
  report: Report,
  window: { readonly since: string; readonly until: string },
  counts: Counts,
  missing: number,
): Promise<void> {
  const { bold, green, red } = report.colours;
  const number = (count: number) => count.toLocaleString('en');
  const some = [
    `${number(counts.present)} there`,
    ...(counts.ignored > 0 ? [`${number(counts.ignored)} ignored by the receiver`] : []),
    ...(counts.pending > 0 ? [`${number(counts.pending)} still being tried`] : []),
    ...(counts.recovered > 0 ? [green(`${number(counts.recovered)} recovered`)] : []),
    (missing > 0 ? red : green)(`${number(missing)} missing`),
  ];
  await report.say(`${bold(number(counts.compared))} sent from ${window.since} to ${window.until}:`);
  await report.say(`  ${some.join(', ')}`);
  await report.record({ kind: 'summary', ...window, ...counts, missing });
}

/** How far it is, on a line of a terminal that goes away. */
export interface Progress {
  readonly show: (compared: number, missing: number) => void;
  readonly clear: () => void;
}

export function progressOn({ json, terminal: { stderr, env } }: Report): Progress {
  if (json || stderr.isTTY !== true || env['TERM'] === 'dumb') return { show: () => {}, clear: () => {} };
  const clear = () => void stderr.write('\r\u001b[K');
  return {
    clear,
    show: (compared, missing) => void stderr.write(`\r\u001b[K${compared} compared, ${missing} missing …`),
  };
}

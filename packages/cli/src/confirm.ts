import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { usage } from './failure.ts';
import type { Report } from './terminal.ts';
import { wrapped } from './wrap.ts';

/** Refuses to go on where nobody can be asked. */
export function checkTerminal({ terminal: { stdin } }: Report): void {
  if (stdin.isTTY === true) return;
  throw usage('There is no terminal to ask on.', 'Give --yes to do it all the same.');
}

/** Asks on the terminal whether to go on; anything but "y" or "yes" is no. */
export async function confirmed(question: string, report: Report): Promise<boolean> {
  checkTerminal(report);
  const { stdin, stderr, signal } = report.terminal;
  stderr.write(wrapped(`${question} y/N `, stderr));
  // Not as a terminal of readline's, where Ctrl-C would be a key like any other.
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    const answered = once(lines, 'line', { signal }).then(([line]) => String(line));
    const ended = once(lines, 'close', { signal }).then(() => '');
    return /^y(es)?$/i.test((await Promise.race([answered, ended])).trim());
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}

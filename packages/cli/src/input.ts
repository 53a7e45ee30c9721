import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { usage } from './failure.ts';
import { keysOf, pastedText } from './paste.ts';
import { printable, type Report } from './terminal.ts';

/** No webhook is as large: 16 MiB. */
export const maxInputBytes = 16 * 1024 * 1024;

/** Reads a file whole, or standard input for `-`; `what` is its name for the user. */
export async function readInput(path: string, what: string, report: Report): Promise<Uint8Array> {
  const { stdin, signal } = report.terminal;
  const isPasted = path === '-' && stdin.isTTY === true;
  const stream = addAbortSignal(signal, path === '-' ? stdin : createReadStream(path));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of isPasted ? keysOf(what, report) : stream) {
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
      if (size > maxInputBytes) break;
    }
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw usage(`${path === '-' ? 'Standard input' : printable(path)} could not be read (${reason}).`);
  }
  if (size > maxInputBytes) throw usage(`${what} is larger than ${maxInputBytes / 1024 / 1024} MiB.`);
  const whole = Buffer.concat(chunks);
  return isPasted && stdin.setRawMode !== undefined ? pastedText(whole) : whole;
}

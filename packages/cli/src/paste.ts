import type { Report } from './terminal.ts';

const ctrlC = 0x03;
const ctrlD = 0x04;

/**
 * What is pasted or typed on a terminal, until Ctrl-D. It is read key by key: by lines the terminal would cut each at 4,095
 * bytes, on macOS at 1,024, and say nothing. It does not show what is pasted, which may be a secret, but how much.
 */
export async function* keysOf(what: string, report: Report): AsyncGenerator<Uint8Array> {
  const { stdin, stderr } = report.terminal;
  const isCounted = stdin.setRawMode !== undefined && stderr.isTTY === true && !report.json;
  let size = 0;
  try {
    // First, so that nothing is pasted before.
    stdin.setRawMode?.(true);
    await report.note(`${what} is read from here: paste it, then press Ctrl-D.`);
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      const keys = Buffer.from(chunk);
      // In this mode Ctrl-C is a key like any other.
      if (keys.includes(ctrlC) && !process.emit('SIGINT')) process.kill(process.pid, 'SIGINT');
      const end = keys.indexOf(ctrlD);
      const before = end === -1 ? keys : keys.subarray(0, end);
      size += before.length;
      if (isCounted) stderr.write(`\r${size.toLocaleString('en')} bytes`);
      yield before;
      if (end !== -1) break;
    }
  } finally {
    if (isCounted && size > 0) stderr.write('\n');
    stdin.setRawMode?.(false);
    stdin.destroy();
  }
}

/** Keys as the text that they make: Enter is a line break, and Backspace takes back a character. */
export function pastedText(keys: Uint8Array): Uint8Array {
  const text = new Uint8Array(keys.length);
  let length = 0;
  for (const [at, key] of keys.entries()) {
    if (key === 0x7f || key === 0x08) {
      // Of a character in UTF-8 all bytes but the first begin with these bits.
      while (length > 0 && ((text[length - 1] ?? 0) & 0xc0) === 0x80) length -= 1;
      length = Math.max(length - 1, 0);
    } else if (key !== 0x0a || keys[at - 1] !== 0x0d) {
      text[length] = key === 0x0d ? 0x0a : key;
      length += 1;
    }
  }
  return text.subarray(0, length);
}

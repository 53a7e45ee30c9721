import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Recorded } from './record.ts';

/** Writes a file that is gone when the test ends. */
export function fileOf(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookproof-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'captured');
  writeFileSync(path, content);
  return path;
}

/** A recorded request in every form that `verify` takes, as its arguments. */
export const forms = {
  'raw HTTP': ({ raw }: Recorded) => [fileOf(raw)],
  'curl --trace': ({ raw }: Recorded) => [fileOf(traceOf(raw))],
  HAR: (recorded: Recorded) => [fileOf(harOf(recorded))],
  '--header and --body-file': ({ headers, body }: Recorded) => [
    ...headers.flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    '--body-file',
    fileOf(body),
  ],
} as const;

export function harOf({ method, url, headers, body }: Recorded): string {
  const text = body.toString();
  const postData = Buffer.from(text).equals(body) ? { text } : { text: body.toString('base64'), encoding: 'base64' };
  const request = {
    method,
    url,
    httpVersion: 'HTTP/1.1',
    headers: headers.map(([name, value]) => ({ name, value })),
    bodySize: body.length,
    postData: { mimeType: 'application/json', ...postData },
  };
  return JSON.stringify({ log: { version: '1.2', creator: { name: 'test' }, entries: [{ request, response: {} }] } });
}

/** The bytes of a request as curl dumps them. */
function traceOf(raw: Buffer): string {
  const end = raw.indexOf('\r\n\r\n') + 4;
  const sections = [dumpOf('header', raw.subarray(0, end)), dumpOf('data', raw.subarray(end))];
  return ['== Info:   Trying 127.0.0.1:80...', ...sections, '== Info: Connection #0 left intact', ''].join('\n');
}

function dumpOf(kind: string, bytes: Buffer): string {
  const lines = [`=> Send ${kind}, ${bytes.length} bytes (0x${bytes.length.toString(16)})`];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.toString('latin1').replace(/[^ -~]/g, '.');
    lines.push(`${at.toString(16).padStart(4, '0')}: ${hex.padEnd(47)} ${text}`);
  }
  return lines.join('\n');
}

import type { Provider } from '@hookproof/core';
import { usage } from '../failure.ts';
import { type CapturedRequest, type Header, headerOf } from './captures/request.ts';

/** What tools write in the place of a value that they hide or shorten; no digest, time or id looks so. */
const hiddenValue =
  /\b(?:redacted|filtered|hidden|masked|removed|censored|saniti[sz]ed|obfuscated|omitted|truncated|scrubbed)\b|\*{3}|\xe2\x80[\xa2\xa6]|[•…]|\.{3}|^(?:\w{1,10}[=,])?(?:x{3,}|<.*>|\[.*\])$/i;

/** Refuses to judge by a header of the signature whose value the capture does not hold. */
export function checkHidden(headers: readonly Header[], provider: Provider): void {
  const names = provider.signature.flatMap(({ headers: own, timestamp, id }) => [
    ...own,
    ...(timestamp?.headers ?? []),
    ...(id?.headers ?? []),
  ]);
  const name = names.find((one) => hiddenValue.test((headerOf(headers, one) ?? '').slice(0, 1_000)));
  if (name === undefined) return;
  throw usage(
    `The capture does not hold the value of ${name}: what made it hid or shortened the value.`,
    `Capture it anew with nothing hidden, or give it with --header '${name}: …'.`,
  );
}

/** How many characters of the end of a body are looked at. */
const longestMark = 80;

/** `…`, `[truncated]`, `... (812 more bytes)`: after it comes nothing of the body. */
const cutMark = /(?:…|\.{3}|truncated|omitted|cut off|\bmore (?:bytes|characters))[^{}:,"]{0,40}$/i;

/** Lengths at which terminals of Linux and macOS cut a line that is pasted. */
const terminalLines = new Set([4095, 1023, 1024]);

/** The same request, marked as cut off where its body shows that its end was not captured. */
export function withCut(request: CapturedRequest): CapturedRequest {
  const { body, isCut, notes } = request;
  if (isCut || body === undefined) return request;
  const end = Buffer.from(body.subarray(-longestMark * 4))
    .toString()
    .trimEnd()
    .slice(-longestMark);
  if (cutMark.test(end)) {
    const note = 'The body ends with a mark of what was cut off: what made the capture did not keep all of it.';
    return { ...request, isCut: true, notes: [...notes, note] };
  }
  const whole = Buffer.from(body).toString('latin1').trimEnd();
  const lastLine = whole.length - (whole.lastIndexOf('\n') + 1);
  if (!terminalLines.has(lastLine)) return request;
  const note =
    `The last line has ${lastLine} bytes, which is where a terminal cuts a line that is pasted. Save it with an ` +
    'editor, or by pbpaste, xclip -o or Get-Clipboard.';
  return { ...request, isCut: true, notes: [...notes, note] };
}

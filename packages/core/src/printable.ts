import { WebhookError } from './error.ts';

/** What a terminal or a log obeys or splits at, and what turns the direction of writing. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text from outside, made fit for a terminal and for one line of a log: control characters, which could move a cursor,
 * rewrite what is shown or begin a line, and those that turn the direction of writing are shown as escapes.
 *
 * @param text whatever it holds
 * @param longest characters of it that are shown; 1,000 by default
 * @returns the text without such characters; what is cut off ends with an ellipsis
 *
 * @example
 * ```ts
 * import { printable } from '@hookproof/core/strict';
 *
 * export const heading = (type: string) => `event ${printable(type, 60)}`;
 * ```
 */
export function printable(text: string, longest = 1_000): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return shown.replace(unprintable, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/**
 * What was thrown, as printable lines: its message and code, where it was thrown, and its causes, four at most. Where a
 * {@link WebhookError} has a cause, only the cause says where it was thrown. Nothing else that it holds is shown, which may
 * be a connection, or a request with its credentials.
 *
 * @param thrown whatever it is
 * @returns lines of which only the first begins at the margin; never throws
 *
 * @example
 * ```ts
 * import { errorText } from '@hookproof/core/strict';
 *
 * export const onError = (error: unknown) => console.error('the inbox:', errorText(error));
 * ```
 */
export function errorText(thrown: unknown): string {
  return textOf(thrown, 4);
}

function textOf(thrown: unknown, causes: number): string {
  try {
    const { stack = '', message, code, cause }: Record<string, unknown> = Object(thrown);
    // In V8 the stack begins with the message, of which a line may look like a frame.
    // What threw a cause on shows nobody's mistake but the cause's.
    const isOurs = cause !== undefined && thrown instanceof WebhookError;
    const frames = (isOurs ? '' : String(stack))
      .replace(String(message), '')
      .split('\n')
      .filter((line) => /^ *at |@/.test(line));
    return [
      printable(code === undefined ? String(thrown) : `${thrown} (${code})`),
      ...frames.slice(0, 20).map((frame) => `    ${printable(frame.trim())}`),
      ...(cause === undefined || causes === 0 ? [] : [`  caused by ${textOf(cause, causes - 1)}`]),
    ].join('\n');
  } catch {
    return 'What was thrown has no text.';
  }
}

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from 'vitest';
import { hookproof } from '../hookproof.ts';

const folder = fileURLToPath(new URL('./captures/', import.meta.url));

/** Deliveries of Gravv, signed with `a secret for captures`, as tools and people hand them on. */
const genuine = [
  'base64-claimed.har',
  'base64-concealed.har',
  'base64-concealed-unknown-size.har',
  'curl-exe.txt',
  'curl-path.txt',
  'curl-variables.txt',
  'prompt-dollar.txt',
  'prompt-powershell.txt',
  'prompt-bash.txt',
  'prompt-brackets.txt',
  'prompt-zsh.txt',
  'prompt-arrow.txt',
  'prompt-lines.txt',
];

/** What was not captured: nothing is judged by it. */
const notCaptured: readonly (readonly [file: string, said: RegExp])[] = [
  ['body-size-unknown.har', /does not hold the body. The HAR was exported without it(.|\n)*--body-file/],
  ['body-size-absent.har', /does not hold the body. The HAR/],
  ['body-text-empty.har', /does not hold the body. The HAR/],
  ['body-in-chunks.har', /does not hold the body. The HAR/],
  ['body-of-length-alone.har', /does not hold the body. The HAR/],
  ['get-with-length.har', /does not hold the body. The HAR/],
  ['curl-without-data.txt', /does not hold the body. The command has no -d/],
  ['curl-headers-in-file.txt', /headers from a file(.|\n)*--header/],
  ['curl-powershell-lines.txt', /for PowerShell/],
  ['curl-cut-by-terminal.txt', /not closed(.|\n)*a terminal may cut a long line/],
  ['signature-redacted.har', /does not hold the value of x-gravv-signature(.|\n)*--header/],
  ['signature-stars.http', /does not hold the value of x-gravv-signature/],
  ['signature-shortened.http', /does not hold the value of x-gravv-signature/],
];

/** What was captured in part, or shows that it was sent so: judged, and the cause is the true one. */
const refused: readonly (readonly [file: string, cause: string, said: RegExp])[] = [
  ['body-shortened.har', 'body_incomplete', /Note: The HAR says that the body had/],
  ['body-marked.har', 'body_incomplete', /Note: The body ends with a mark of what was cut off/],
  ['body-truncated.http', 'body_incomplete', /Note: The body ends with a mark of what was cut off/],
  ['signature-left-out.har', 'signature_absent', /Note: A capture shows only what its tool kept/],
  ['body-truly-empty.har', 'body_empty', /redirect/],
];

const verify = (file: string) =>
  hookproof(['verify', 'gravv', `${folder}${file}`], { env: { HOOKPROOF_SECRET: 'a secret for captures' } });

it.each(genuine)('%s is read as it was meant', async (file) => {
  expect(await verify(file)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^Genuine: gravv/) });
});

it.each(notCaptured)('%s: what was not captured is not judged', async (file, said) => {
  expect(await verify(file)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(said) });
});

it.each(refused)('%s is refused, because of %s', async (file, cause, said) => {
  const { code, stdout } = await verify(file);
  expect([code, stdout]).toEqual([1, expect.stringContaining(`because of ${cause}\n`)]);
  expect(stdout).toMatch(said);
});

test('every capture is in a table', () => {
  const tables = [...genuine, ...notCaptured.map(([file]) => file), ...refused.map(([file]) => file)];
  expect(readdirSync(folder).sort()).toEqual(tables.sort());
});

import * as z from 'zod';
import { usage } from '../../failure.ts';
import type { CapturedRequest } from './request.ts';

const har = z.object({ log: z.object({ entries: z.array(z.unknown()) }) });

/** What is read of an entry of HAR 1.2; tools add much to it. */
const entry = z.object({
  request: z.object({
    method: z.string(),
    url: z.string().optional(),
    headers: z.array(z.object({ name: z.string(), value: z.string() })),
    bodySize: z.number().optional().catch(undefined),
    postData: z.object({ text: z.string().optional(), encoding: z.string().optional() }).nullish(),
  }),
});

type HarRequest = z.infer<typeof entry>['request'];

/** Reads the requests of a HAR 1.2 file, as browsers and proxies export it. */
export function readHar(text: string): readonly CapturedRequest[] {
  const parsed = har.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw usage(
      'This is JSON, but no HAR: it has no log.entries.',
      'If it is the body of the request, give it with --body-file, and its headers with --header.',
    );
  }
  return parsed.data.log.entries.map((one, index) => {
    const { data } = entry.safeParse(one);
    if (data === undefined) throw usage(`Entry ${index + 1} of the HAR has no request with a method and headers.`);
    return requestOf(data.request);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const isCut = text.trimStart().startsWith('{');
    throw usage(
      'The capture is not JSON, as a HAR is.',
      isCut ? 'Was it cut off? Export it again.' : 'Leave out --format har.',
    );
  }
}

function requestOf({ method, url, headers, bodySize = -1, postData }: HarRequest): CapturedRequest {
  const { text, encoding } = postData ?? {};
  const isBase64 = encoding?.toLowerCase() === 'base64';
  const body = text === undefined ? new Uint8Array() : Buffer.from(text, isBase64 ? 'base64' : 'utf8');
  // Form fields alone do not tell how they were written.
  const isMissing = text === undefined && (bodySize > 0 || (postData ?? undefined) !== undefined);
  const notes = [
    ...(!isBase64 && text?.includes('\ufffd') ? [lostNote] : []),
    ...(bodySize > 0 && !isMissing && bodySize !== body.length
      ? [`The HAR says that the body had ${bodySize} bytes; its text has ${body.length}.`]
      : []),
  ];
  return {
    method,
    target: url,
    headers: headers.filter(({ name }) => !name.startsWith(':')).map(({ name, value }) => [name, value] as const),
    body: isMissing ? undefined : body,
    isCut: false,
    notes,
  };
}

const lostNote =
  'A HAR holds the body as text, and this one has a replacement character (U+FFFD) in it: if the body was not UTF-8, ' +
  'its bytes are lost and the signature cannot fit. Give them with --body-file.';

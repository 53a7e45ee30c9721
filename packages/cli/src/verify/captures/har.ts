import * as z from 'zod';
import { usage } from '../../failure.ts';
import { type CapturedRequest, type Header, headerOf, mayHaveBody } from './request.ts';

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

function requestOf({ method, url, headers: all, bodySize = -1, postData }: HarRequest): CapturedRequest {
  const headers = all.filter(({ name }) => !name.startsWith(':')).map(({ name, value }): Header => [name, value]);
  const size = sizeOf(bodySize, headers);
  const { text = '', encoding } = postData ?? {};
  const request = { method, target: url, headers, isCut: false, notes: [] };
  if (text === '') {
    // Form fields alone do not tell how they were written.
    const hasFields = (postData ?? undefined) !== undefined && postData?.text === undefined;
    const isEmpty = !hasFields && (size === undefined ? !mayHaveBody(method, headers) : size === 0);
    return { ...request, body: isEmpty ? new Uint8Array() : undefined, whyNoBody };
  }
  const { body, note } = bodyIn(text, encoding, size);
  const isLossy = encoding === undefined && text.includes('\ufffd');
  return {
    ...request,
    body,
    isCut: body.length < (size ?? 0),
    notes: [
      ...(note === undefined ? [] : [note]),
      ...(isLossy ? [lostNote] : []),
      ...(size !== undefined && size > 0 && size !== body.length
        ? [`The HAR says that the body had ${size} bytes; its text has ${body.length}.`]
        : []),
    ],
  };
}

const whyNoBody =
  'The HAR was exported without it: many tools leave the text of a request out, and then it says nothing of what was sent.';

/** The bytes for which the text of a HAR stands. Tools forget to say that it is base64, or say so of plain text. */
function bodyIn(
  text: string,
  encoding: string | undefined,
  size: number | undefined,
): { readonly body: Buffer; readonly note?: string } {
  const plain = Buffer.from(text);
  const packed = text.replace(/\s/g, '');
  const isBase64 = packed.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(packed);
  const decoded = Buffer.from(isBase64 ? packed : '', 'base64');
  if (encoding?.toLowerCase() === 'base64') {
    if (isBase64) return { body: decoded };
    return { body: plain, note: 'The HAR says that the body is in base64. It is not, and was taken as it stands.' };
  }
  const isMeant = size === undefined || size <= 0 ? isJson(decoded) : size === decoded.length && size !== plain.length;
  if (!isBase64 || !isMeant) return { body: plain };
  return { body: decoded, note: 'The body in the HAR is base64, although the HAR does not say so: it was decoded.' };
}

function isJson(bytes: Buffer): boolean {
  try {
    return typeof JSON.parse(bytes.toString()) === 'object';
  } catch {
    return false;
  }
}

/** How many bytes the body had, by what the HAR says; of one in chunks tools say 0 too. */
function sizeOf(bodySize: number, headers: readonly Header[]): number | undefined {
  const length = headerOf(headers, 'content-length')?.trim() ?? '';
  if (bodySize > 0) return bodySize;
  if (/^\d{1,15}$/.test(length)) return Number(length);
  return bodySize === 0 && headerOf(headers, 'transfer-encoding') === undefined ? 0 : undefined;
}

const lostNote =
  'A HAR holds the body as text, and this one has a replacement character (U+FFFD) in it: if the body was not UTF-8, ' +
  'its bytes are lost and the signature cannot fit. Give them with --body-file.';

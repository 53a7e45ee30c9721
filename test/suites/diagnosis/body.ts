import { gzipSync } from 'node:zlib';
import { grantex } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import express from 'express';
import { onExpress4, onExpress5, onFastify, onHono } from './apps.ts';
import type { Mistake, Serve } from './mistake.ts';
import { events, fromGrantex, newSecret, withBody } from './senders.ts';
import { bodyOf } from './wire.ts';

const compact = JSON.stringify(events.grantex);
const pretty = JSON.stringify(events.grantex, undefined, 2);

/** Spaces after commas and colons, and nothing but ASCII, as many languages write JSON. */
const spaced = pretty
  .replaceAll(/\n */g, ' ')
  .replaceAll(/([{[]) | ([}\]])/g, '$1$2')
  .replaceAll('à', '\\u00e0');

/** A proxy that sends on something else than what was signed, and then lets it be. */
function changed(
  row: Pick<Mistake, 'cause' | 'what' | 'explains' | 'fix' | 'evidence'>,
  signed: string | Uint8Array,
  change: (body: Buffer) => Uint8Array | string,
  serve: Serve = onExpress5,
): Mistake {
  return {
    ...row,
    async scene() {
      const secret = newSecret();
      const sent = await fromGrantex(secret, signed);
      return { provider: grantex(), options: { secret }, serve, sent, proxy: (sent) => withBody(sent, change) };
    },
    corrected: () => ({ proxy: (sent) => sent }),
  };
}

const untouched = 'between grantex and this receiver (a gateway, a proxy, an earlier middleware)';

/** A body that is not what was signed. */
export const body: readonly Mistake[] = [
  changed(
    {
      cause: 'body_empty',
      what: 'a proxy that drops the body',
      explains: 'No byte of the body arrived (content-length: 0)',
      fix: 'Look for a redirect',
      evidence: { contentLength: 0 },
    },
    compact,
    () => '',
    onHono,
  ),
  changed(
    {
      cause: 'body_bom',
      what: 'a gateway that writes a byte order mark',
      explains: 'The signature fits the body without a byte order mark (EF BB BF) at its start',
      fix: untouched,
      evidence: { how: 'without' },
    },
    compact,
    (body) => `\ufeff${body}`,
    onFastify,
  ),
  changed(
    {
      cause: 'body_bom',
      what: 'a gateway that takes a byte order mark away',
      explains: 'The signature fits the body with a byte order mark',
      fix: untouched,
      evidence: { how: 'with' },
    },
    `\ufeff${compact}`,
    (body) => body.subarray(3),
  ),
  changed(
    {
      cause: 'body_final_newline',
      what: 'a file that is signed as it is, and sent by curl --data',
      explains: 'The signature fits the body with a line break at its end',
      fix: 'With curl, use --data-binary and not --data',
      evidence: { how: 'with a line break at its end' },
    },
    `${compact}\n`,
    (body) => body.toString().replaceAll(/[\r\n]/g, ''),
  ),
  changed(
    {
      cause: 'body_final_newline',
      what: 'a shell that adds a line break',
      explains: 'The signature fits the body without the line break at its end',
      fix: untouched,
      evidence: { how: 'without the line break at its end' },
    },
    compact,
    (body) => `${body}\n`,
    onExpress4,
  ),
  changed(
    {
      cause: 'body_line_endings',
      what: 'a fixture that git converted',
      explains: 'The signature fits the body with LF line endings',
      fix: 'mark it "-text" in .gitattributes',
      evidence: { how: 'LF' },
    },
    pretty,
    (body) => body.toString().replaceAll('\n', '\r\n'),
  ),
  changed(
    {
      cause: 'body_reserialised',
      what: 'a gateway that indents JSON',
      explains: 'The signature fits the same JSON written compactly',
      fix: untouched,
      evidence: { how: 'compactly' },
    },
    compact,
    () => pretty,
    onFastify,
  ),
  changed(
    {
      cause: 'body_reserialised',
      what: 'a gateway in JavaScript between a sender in another language and the app',
      explains: /written with a space after commas and colons, and escapes in place of non-ASCII/,
      fix: untouched,
      evidence: { how: 'with a space after commas and colons, and escapes in place of non-ASCII' },
    },
    spaced,
    (body) => JSON.stringify(JSON.parse(body.toString())),
    onHono,
  ),
  changed(
    {
      cause: 'body_reserialised',
      what: 'a gateway that decodes escapes in a body with escaped slashes',
      explains: 'written compactly, with escaped slashes',
      fix: untouched,
      evidence: { how: 'compactly, with escaped slashes' },
    },
    compact.replaceAll('/', '\\/'),
    (body) => JSON.stringify(JSON.parse(body.toString())),
  ),
  changed(
    {
      cause: 'body_reserialised',
      what: 'a file with indents that is signed as it is, and sent by curl --data',
      explains: 'written with an indent of 2 and a line break at its end',
      fix: 'With curl, use --data-binary and not --data',
      evidence: { how: 'with an indent of 2 and a line break at its end' },
    },
    `${pretty}\n`,
    (body) => body.toString().replaceAll(/[\r\n]/g, ''),
  ),
  changed(
    {
      cause: 'body_reserialised',
      what: 'a file with tabs from Windows that is signed as it is, and sent by curl --data',
      explains: 'written with tabs and CRLF, also at its end',
      fix: 'With curl, use --data-binary and not --data',
      evidence: { how: 'with tabs and CRLF, also at its end' },
    },
    `${JSON.stringify(JSON.parse(pretty), undefined, '\t')}\n`.replaceAll('\n', '\r\n'),
    (body) => body.toString().replaceAll(/[\r\n]/g, ''),
  ),
  changed(
    {
      cause: 'body_json_string',
      what: 'a queue that writes the body as JSON once more',
      explains: 'a JSON string that holds the JSON',
      fix: 'Something called JSON.stringify on a text',
      evidence: {},
    },
    compact,
    (body) => JSON.stringify(body.toString()),
  ),
  ...(
    [
      ['a Buffer', (body: Buffer) => JSON.stringify(body)],
      ['a Uint8Array', (body: Buffer) => JSON.stringify(Uint8Array.from(body))],
      ['a list of numbers', (body: Buffer) => JSON.stringify([...body])],
    ] as const
  ).map(([what, change]) =>
    changed(
      {
        cause: 'body_json_bytes',
        what: `a tool for tests that writes ${what} as JSON`,
        explains: 'The signature fits the bytes that the body lists as numbers',
        fix: 'give them the text of signedDelivery',
        evidence: {},
      },
      compact,
      change,
      onFastify,
    ),
  ),
  changed(
    {
      cause: 'body_percent_encoded',
      what: 'a gateway that sends a form with one field',
      explains: 'after percent-decoding: it came as a form',
      fix: 'choose JSON',
      evidence: {},
    },
    compact,
    (body) => new URLSearchParams({ payload: body.toString() }).toString(),
    onHono,
  ),
  changed(
    {
      cause: 'body_base64',
      what: 'a gateway that passes on base64, as AWS does to a Lambda',
      explains: 'fits the bytes for which the body stands in base64',
      fix: "Buffer.from(body, 'base64')",
      evidence: {},
    },
    compact,
    (body) => body.toString('base64'),
  ),
  changed(
    {
      cause: 'body_gzipped',
      what: 'a proxy that compresses and does not say so',
      explains: 'fits the body after gunzipping it',
      fix: 'Turn compression of requests off',
      evidence: {},
    },
    compact,
    (body) => gzipSync(body),
    onFastify,
  ),
  changed(
    {
      cause: 'body_latin1',
      what: 'a proxy that reads UTF-8 as Latin-1',
      explains: 'something read its UTF-8 as Latin-1',
      fix: "'latin1' and 'binary' are not for text",
      evidence: { how: 'before it was read as Latin-1 and written as UTF-8' },
    },
    compact,
    (body) => body.toString('latin1'),
    onExpress4,
  ),
  changed(
    {
      cause: 'body_latin1',
      what: 'a sender that signs what it misread, and sends what it meant',
      explains: 'The signature fits the body as it reads in Latin-1',
      fix: 'keep the body a Buffer',
      evidence: { how: 'as it reads in Latin-1' },
    },
    Buffer.from(compact).toString('latin1'),
    () => compact,
  ),
  changed(
    {
      cause: 'body_cut_off',
      what: 'a queue with a limit, in the middle of a text',
      explains: 'its JSON does not end within 100 bytes (content-length: 100)',
      fix: 'Look for a limit in a proxy, a queue or a column',
      evidence: { bodyBytes: 100, contentLength: 100 },
    },
    compact,
    (body) => body.subarray(0, 100),
    onHono,
  ),
  {
    cause: 'body_cut_off',
    what: 'an app that takes the first piece of the body for all of it',
    scene: () => keeping((body) => body.subarray(0, 64)),
    explains: 'its JSON does not end within 64 bytes (content-length: 169)',
    fix: 'code that takes one piece of a body for all of it',
    evidence: { bodyBytes: 64, contentLength: 169 },
    corrected: () => ({ serve: onExpress5 }),
  },
  {
    cause: 'content_length_mismatch',
    what: 'a platform that keeps the bytes only after it has masked some',
    scene: () => keeping((body) => Buffer.from(body.toString().replace('grnt_1', '***'))),
    explains: 'The header content-length says 169 bytes, and 166 bytes arrived',
    fix: untouched,
    evidence: { contentLength: 169, bodyBytes: 166 },
    corrected: () => ({ serve: onExpress5 }),
  },
];

/** An app that keeps other bytes than those that came. */
async function keeping(keep: (body: Buffer) => Buffer) {
  const secret = newSecret();
  const serve: Serve = (provider, options) =>
    express().use(
      async (req, _res, next) => {
        Object.assign(req, { rawBody: keep(await bodyOf(req)) });
        next();
      },
      webhooks(provider, options),
    );
  return { provider: grantex(), options: { secret }, serve, sent: await fromGrantex(secret) };
}

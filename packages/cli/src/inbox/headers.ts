import type { StoredDelivery } from '@hookproof/core';

/** Headers whose values prove something about who sent them. */
const sensitive =
  /sign|hmac|digest|\bsig\b|auth|jwt|assertion|cookie|session|token|secret|credential|cert|api-?key|password/;

/** The headers of a delivery, with `***` for what proves who sent it. */
export function shownHeaders(
  headers: StoredDelivery['headers'],
  withSignatures: boolean,
): readonly (readonly [name: string, value: string])[] {
  return [...headers].map(([name, value]) => [name, !withSignatures && sensitive.test(name) ? '***' : value]);
}

/** Headers that say how the bytes came, which are here as a whole. */
const framing = new Set(['content-length', 'transfer-encoding', 'trailer', 'connection', 'expect']);

/** A delivery as the HTTP request that it was. Its path was not kept. */
export function httpRequest({ name, headers, body }: StoredDelivery): Uint8Array {
  const kept = [...headers].filter(([header, value]) => isHeader(header, value) && !framing.has(header));
  const lines = [
    `POST /webhooks/${encodeURIComponent(name)} HTTP/1.1`,
    ...(headers.has('host') ? [] : ['host: localhost']),
    ...kept.map(([header, value]) => `${header}: ${value}`),
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** Whether it is a header that HTTP can carry; no real server has let in another. */
function isHeader(name: string, value: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

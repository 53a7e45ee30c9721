/**
 * What a careful developer writes without a library: the raw bytes, `createHmac`, `timingSafeEqual`, and for signed
 * times a window. No deduplication, no schema, no timeout.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type SchemeName, schemes } from './deliveries.ts';

/** Looks up a header by its name in lower case. */
type HeaderLookup = (name: string) => string | undefined;

/** Whether a delivery is genuine. */
export type Verify = (header: HeaderLookup, body: Buffer) => boolean;

/** The hand-written check for each scheme. */
export const handWritten: Readonly<Record<SchemeName, Verify>> = {
  'grantex v1': hexOfBody('x-grantex-signature', 'sha256=', schemes['grantex v1'].secret),
  'grantex v2': grantexV2(schemes['grantex v2'].secret),
  grantiva: hexOfBody('x-grantiva-signature', 'sha256=', schemes.grantiva.secret),
  gravv: hexOfBody('x-gravv-signature', '', schemes.gravv.secret),
  'standard webhooks': standard(schemes['standard webhooks'].secret),
};

function hexOfBody(name: string, prefix: string, secret: string): Verify {
  return (header, body) => {
    const signature = header(name);
    if (signature === undefined) return false;
    return equal(signature, prefix + createHmac('sha256', secret).update(body).digest('hex'));
  };
}

function grantexV2(secret: string): Verify {
  return (header, body) => {
    const signature = header('x-grantex-signature-v2');
    const timestamp = header('x-grantex-timestamp');
    if (signature === undefined || timestamp === undefined || !isFresh(timestamp)) return false;
    const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
    return equal(signature, `sha256=${expected}`);
  };
}

function standard(secret: string): Verify {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return (header, body) => {
    const id = header('webhook-id');
    const timestamp = header('webhook-timestamp');
    const signatures = header('webhook-signature');
    if (id === undefined || timestamp === undefined || signatures === undefined || !isFresh(timestamp)) return false;
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    return signatures.split(' ').some((signature) => equal(signature, `v1,${expected}`));
  };
}

function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function isFresh(timestamp: string): boolean {
  return Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300;
}

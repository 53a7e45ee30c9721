import { createHmac, randomUUID } from 'node:crypto';
import {
  defineProvider,
  grantex,
  grantiva,
  gravv,
  type Provider,
  type Secret,
  standardWebhooks,
} from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import type { Sent } from './mistake.ts';

/** A secret that no other receiver of the process has. */
export function newSecret(): string {
  return `secret-${randomUUID()}`;
}

/** A secret as Standard Webhooks wants it. */
export function newStandardSecret(): string {
  return `whsec_${Buffer.from(randomUUID()).toString('base64')}`;
}

/** Events with what tends to get lost: letters beyond ASCII, slashes, spaces. */
export const events = {
  grantex: {
    id: 'evt_1',
    type: 'grant.revoked',
    createdAt: '2024-05-06T07:08:09Z',
    data: { grantId: 'grnt_1', cascade: true, reason: 'à la carte', link: 'https://example.com/1' },
  },
  standard: { type: 'invoice.paid', timestamp: '2024-05-06T07:08:09Z', data: { invoice: 'inv_1' } },
};

/** What Grantex sends, with both of its signatures; `body` is an event of its by default. */
export function fromGrantex(
  secret: Secret,
  body: object | string | Uint8Array = events.grantex,
  provider: Provider = grantex(),
): Promise<Sent> {
  return signedDelivery(provider, { body }, { secret });
}

/** The same with the older signature alone, which covers the body and nothing else. */
export function fromOldGrantex(secret: Secret, body?: object | string | Uint8Array): Promise<Sent> {
  return fromGrantex(secret, body, grantex({ signature: 'v1' }));
}

export function fromGrantiva(secret: Secret): Promise<Sent> {
  return signedDelivery(grantiva(), sampleEvent(grantiva(), 'device.high_risk'), { secret });
}

export function fromGravv(secret: Secret): Promise<Sent> {
  return signedDelivery(gravv(), sampleEvent(gravv(), 'transfer.status.completed'), { secret });
}

export function fromStandard(secret: Secret, options: { id?: string; at?: number } = {}): Promise<Sent> {
  return signedDelivery(standardWebhooks(), { body: events.standard }, { secret, ...options });
}

/** Somebody's own sender, which writes the MAC of an event into the header of Grantex in a way of its own. */
export function homemade(secret: Secret, write: (mac: Buffer) => string, algorithm = 'sha256'): Sent {
  const body = Buffer.from(JSON.stringify(events.grantex));
  const mac = createHmac(algorithm, secret).update(body).digest();
  return { headers: { 'content-type': 'application/json', 'x-grantex-signature': write(mac) }, body };
}

/** The same for Standard Webhooks, where id and time are signed too. */
export function homemadeStandard(
  secret: string,
  write: (mac: Buffer) => string,
  { id = 'msg_1', timestamp = String(Math.floor(Date.now() / 1000)) } = {},
): Sent {
  const body = Buffer.from(JSON.stringify(events.standard));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': write(mac) };
  return { headers: { 'content-type': 'application/json', ...headers }, body };
}

/** A provider that writes the time and its signature into one header, as Stripe does. */
export const acme = defineProvider({
  name: 'acme',
  signature: {
    header: 'acme-signature',
    encoding: 'hex',
    prefix: 'v1=',
    separator: ',',
    signs: '{timestamp}.{body}',
    timestamp: { header: 'acme-signature', prefix: 't=' },
  },
  envelope: { id: 'id', type: 'type', data: 'data' },
});

/** What it sends, beside a signature of another kind. */
export function fromAcme(secret: string, time: number, prefix = 'v0=0,v1='): Sent {
  const body = Buffer.from(JSON.stringify(events.grantex));
  const mac = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
  return { headers: { 'acme-signature': `t=${time},${prefix}${mac}` }, body };
}

/** A delivery with some headers changed; undefined takes one away. */
export function withHeaders(sent: Sent, headers: Sent['headers']): Sent {
  const all = Object.entries({ ...sent.headers, ...headers });
  return { ...sent, headers: Object.fromEntries(all.filter(([, value]) => value !== undefined)) };
}

/** A delivery with its body changed. */
export function withBody(sent: Sent, change: (body: Buffer) => Uint8Array | string): Sent {
  const changed = change(Buffer.from(sent.body));
  return { ...sent, body: typeof changed === 'string' ? Buffer.from(changed) : changed };
}

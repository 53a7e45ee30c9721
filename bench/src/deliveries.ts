import { randomUUID } from 'node:crypto';
import { grantex, grantiva, gravv, type Provider, standardWebhooks } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';

/** A provider as it is measured: with a secret, and events of its own. */
export interface Scheme {
  readonly provider: Provider;
  readonly secret: string;
  /** An event whose data holds this, too. */
  readonly event: (data: object) => object;
  /** Headers besides those that the provider's description names. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The built-in schemes. */
export const schemes = {
  'grantex v1': { provider: grantex({ signature: 'v1' }), secret: 'a secret for benchmarks', event: grantexEvent },
  'grantex v2': { provider: grantex({ signature: 'v2' }), secret: 'a secret for benchmarks', event: grantexEvent },
  grantiva: { provider: grantiva(), secret: 'a secret for benchmarks', event: grantivaEvent },
  gravv: { provider: gravv(), secret: 'a secret for benchmarks', event: gravvEvent },
  'standard webhooks': {
    provider: standardWebhooks(),
    secret: `whsec_${Buffer.from('a secret for benchmarks, 32 byte').toString('base64')}`,
    event: standardEvent,
  },
} as const satisfies Record<string, Scheme>;

export type SchemeName = keyof typeof schemes;

/** A delivery as a Node framework holds it. */
export interface NodeDelivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer<ArrayBuffer>;
}

/** A signed delivery of a new event whose body has exactly `bytes` bytes. */
export async function makeDelivery(scheme: SchemeName | Scheme, bytes: number): Promise<NodeDelivery> {
  const { provider, secret, event, headers: more }: Scheme = typeof scheme === 'string' ? schemes[scheme] : scheme;
  const { headers, body } = await signedDelivery(provider, { body: sized(event, bytes), headers: more }, { secret });
  return { headers: { 'user-agent': 'webhooks/1.0', accept: '*/*', ...headers }, body: Buffer.from(body.buffer) };
}

/** The same with the headers that an HTTP client adds, so that there are as many as in earnest. */
export async function makeArrivedDelivery(scheme: SchemeName | Scheme, bytes: number): Promise<NodeDelivery> {
  const { headers, body } = await makeDelivery(scheme, bytes);
  const transport = { host: 'localhost:3000', connection: 'keep-alive', 'content-length': String(body.length) };
  return { headers: { ...transport, ...headers }, body };
}

/** Short lines as in an order or a grant: long strings alone would flatter every JSON parser. */
function sized(event: (data: object) => object, bytes: number): string {
  const lines: object[] = [];
  const lineBytes = JSON.stringify(line(0)).length + 1;
  const write = (note: string) => JSON.stringify(event({ ...(lines.length > 0 && { lines }), note }));
  const count = Math.floor((bytes - write('').length - '"lines":[],'.length) / lineBytes);
  for (let index = 0; index < count; index++) lines.push(line(index));
  const missing = bytes - write('').length;
  if (missing < 0) throw new RangeError(`An event does not fit into ${bytes} bytes.`);
  return write('x'.repeat(missing));
}

function line(index: number): object {
  return { sku: `SKU-${String(index).padStart(6, '0')}`, quantity: 3, price: '12.50', tax: null, gift: false };
}

const now = () => new Date().toISOString();

function grantexEvent(data: object): object {
  return {
    id: `evt_${randomUUID()}`,
    type: 'grant.revoked',
    createdAt: now(),
    data: { grantId: 'grnt_01J9ZK3V5Q', cascade: true, ...data },
  };
}

function grantivaEvent(data: object): object {
  return {
    data: { device_id: randomUUID(), key_id: 'kQ2vX8', risk_score: '82', threshold: '75', ...data },
    event: 'device.high_risk',
    timestamp: now(),
  };
}

function gravvEvent(data: object): object {
  return {
    event_id: randomUUID(),
    timestamp: now().replace('Z', '481927Z'),
    event_data: { customer_id: randomUUID(), ...data },
    event_type: 'customer.kyc.status.approved',
  };
}

function standardEvent(data: object): object {
  return { type: 'invoice.paid', timestamp: now(), data: { id: randomUUID(), amount: '120.00', ...data } };
}

import { type ClientRequest, request } from 'node:http';
import { grantex, grantiva, gravv, type Provider } from '@hookproof/core';
import { type SignedDelivery, sampleEvent, signedDelivery } from '@hookproof/testing';

const providers = {
  grantex: { provider: grantex({ signature: 'v2' }), type: 'grant.revoked' },
  grantiva: { provider: grantiva(), type: 'device.high_risk' },
  gravv: { provider: gravv(), type: 'transfer.status.completed' },
} as const satisfies Record<string, { readonly provider: Provider; readonly type: string }>;

export type ProviderName = keyof typeof providers;

/** The secret of every receiver, which its app gets as an environment variable. */
export const secrets = { WILD_SECRET: 'a secret of the wild campaign' };

/** A reply as it came. */
interface Got {
  readonly status: number;
  readonly body: string;
}

/** Signs a new event for a receiver. */
export function newDelivery(name: ProviderName, secret = secrets.WILD_SECRET): Promise<SignedDelivery> {
  const { provider, type } = providers[name];
  return signedDelivery(provider, sampleEvent(provider, type), { secret });
}

/** Sends over a connection of its own, the body in `chunks` pieces where that is given. */
export function send(
  url: string,
  { method, headers, body }: Pick<SignedDelivery, 'headers' | 'body'> & { readonly method: string },
  chunks?: number,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers: { ...headers }, agent: false }, async (response) => {
      const got: Uint8Array[] = [];
      for await (const chunk of response) got.push(chunk);
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(got).toString() });
    });
    sending.on('error', reject);
    write(sending, body, chunks);
  });
}

function write(sending: ClientRequest, body: Uint8Array, chunks: number | undefined): void {
  if (chunks === undefined) {
    if (body.length > 0) sending.setHeader('content-length', body.length);
    sending.end(body);
    return;
  }
  const size = Math.ceil(body.length / chunks);
  for (let start = 0; start < body.length; start += size) sending.write(body.subarray(start, start + size));
  sending.end();
}

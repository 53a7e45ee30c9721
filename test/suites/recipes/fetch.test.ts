import { grantex, gravv } from '@hookproof/core';
import { type SignedDelivery, sampleEvent, signedDelivery } from '@hookproof/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { app } from './h3.ts';
import { POST } from './vercel.ts';

const secret = 'a secret for tests';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const recipes: Record<string, [fetch: (request: Request) => unknown, deliver: () => Promise<SignedDelivery>]> = {
  h3: [
    (request) => app.fetch(request),
    () => signedDelivery(gravv(), sampleEvent(gravv(), 'transfer.status.failed'), { secret }),
  ],
  Vercel: [POST, () => signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), { secret })],
};

test.each(Object.entries(recipes))(
  'receives in %s: handled once, and refused where the body was altered',
  async (_name, [receive, deliver]) => {
    vi.stubEnv('GRANTEX_SECRET', secret);
    vi.stubEnv('GRAVV_SECRET', secret);
    const log = vi.spyOn(console, 'log').mockReturnValue(undefined);
    const { headers, body, request } = await deliver();
    const { url } = request;
    const codes = [];
    for (const bytes of [body, body, Buffer.concat([body, Buffer.from(' ')])]) {
      const reply = await receive(new Request(url, { method: 'POST', headers, body: Uint8Array.from(bytes) }));
      if (!(reply instanceof Response)) throw new Error('no response');
      const said: unknown = await reply.json();
      codes.push([reply.status, Reflect.get(Object(said), 'outcome') ?? Reflect.get(Object(said), 'code')]);
    }
    expect(codes).toEqual([
      [200, 'handled'],
      [200, 'duplicate'],
      [401, 'signature_mismatch'],
    ]);
    expect(log).toHaveBeenCalledOnce();
  },
);

// What every program in this folder does with its server. They are compiled against the packed declarations and run
// with plain Node against the packed code, in a project that has nothing else.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { Server } from 'node:http';

export const secret = 'a secret for tests';

export function originOf(server: Pick<Server, 'address'>): string {
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  return `http://127.0.0.1:${address.port}`;
}

/** Delivers an event of Grantiva's, signed here by hand, and a forged one; `handled` is what the handlers saw. */
export async function deliver(url: string, handled: readonly string[]): Promise<void> {
  const body = JSON.stringify({
    data: { device_id: 'device-1' },
    event: 'device.new',
    timestamp: '2026-11-20T10:00:00Z',
  });
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  assert.deepEqual(await post(url, body, signature), [200, 'handled']);
  assert.deepEqual(await post(url, body, signature), [200, 'duplicate']);
  assert.deepEqual(await post(url, body.replace('device-1', 'device-2'), signature), [401, 'signature_mismatch']);
  assert.deepEqual(handled, ['device-1']);
}

async function post(url: string, body: string, signature: string): Promise<[status: number, outcome: string]> {
  const headers = { 'content-type': 'application/json', 'x-grantiva-signature': signature };
  const response = await fetch(url, { method: 'POST', headers, body });
  const { outcome, code } = (await response.json()) as { outcome?: string; code?: string };
  return [response.status, outcome ?? code ?? ''];
}

import { expect, it, vi } from 'vitest';
import { signBody } from '../proof/sign.ts';
import { gravv } from '../providers/gravv.ts';
import { createReceiver } from '../receiver.ts';
import type { HandlerContext } from './handlers.ts';

const secret = 'a secret for tests';
const text = '{"event_id":"1","event_type":"card.unknown","event_data":{}}';

/** Delivers bytes and headers to a handler, and returns what the handler returned. */
async function seen<T>(
  look: (context: HandlerContext<globalThis.Request>) => T,
  { body = Buffer.from(text), timeoutMs = 1_000 }: { body?: Uint8Array; timeoutMs?: number } = {},
) {
  const headers: Record<string, string> = await signBody(gravv(), { body: text, secret, id: '', timestamp: 0 });
  let found: T | undefined;
  const receiver = createReceiver({
    provider: gravv(),
    secret,
    timeoutMs,
    onOutcome: () => undefined,
    on: {
      '*': (_event, context) => {
        found = look(context);
        return found;
      },
    },
  });
  const reply = await receiver.receive({ headers, body });
  return { reply, found, headers, body };
}

it('a copy of a handler’s context by spreading keeps its signal, which aborts when the time is over', async () => {
  const aborted = vi.fn();
  const { reply } = await seen(
    (context) => {
      const { signal } = { ...context };
      signal.addEventListener('abort', aborted);
      return new Promise(() => undefined);
    },
    { timeoutMs: 5 },
  );
  expect(reply.outcome).toBe('handler_timeout');
  expect(aborted).toHaveBeenCalledOnce();
});

it('delivery.body is an exact copy, whatever memory the bytes arrived in', async () => {
  const pool = Buffer.alloc(1_000, 'x');
  pool.write(text, 100);
  const arrived = pool.subarray(100, 100 + text.length);
  const { found } = await seen(({ delivery }) => delivery, { body: arrived });
  const body = found?.body ?? new Uint8Array(0);
  expect(Buffer.from(body).toString()).toBe(text);
  expect(body.buffer.byteLength).toBe(text.length);
  expect(found?.body).toBe(body);
  arrived.fill('y');
  expect(Buffer.from(body).toString()).toBe(text);
  body.fill(0);
  expect(pool.subarray(100, 101).toString()).toBe('y');
});

it('the headers of a delivery do not change under whoever has looked at them', async () => {
  const { found, headers } = await seen(({ delivery }) => delivery.headers);
  headers['x-gravv-signature'] = 'changed';
  expect(found?.get('x-gravv-signature')).toMatch(/^[0-9a-f]{64}$/);
});

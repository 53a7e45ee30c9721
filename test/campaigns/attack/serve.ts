import { afterEach, expect } from 'vitest';
import { apps, type Framework } from './apps.ts';
import { type Answer, answerFor, type Row } from './judge.ts';
import { type Header, now, type Scheme, schemes } from './schemes.ts';
import { chunk, head, openWire, type Wire } from './wire.ts';

export const scheme: Scheme = schemes[0] ?? expect.unreachable('there is a scheme');

/** A delivery as the provider could send it. */
export interface Genuine {
  readonly body: Uint8Array;
  readonly headers: readonly Header[];
}

/** The provider signs whatever body it sends. */
export function signed(body: Uint8Array): Genuine {
  const [key = new Uint8Array()] = scheme.keys;
  return { body, headers: scheme.sign({ id: '', timestamp: '', body }, key) };
}

/** The nth of the deliveries that reach the handler. */
export function genuine(nth = 1): Genuine {
  return signed(Buffer.from(JSON.stringify({ event: 'attack.socket', timestamp: now, data: { nth } })));
}

/** An app under attack, and what it saw. */
export interface Served {
  readonly wire: () => Promise<Wire>;
  /** Data of the events that reached the handler. */
  readonly handled: readonly unknown[];
  /** Resolves with the next outcome that was not taken yet. */
  readonly nextReport: () => Promise<string>;
  /** That the app still works, over this connection or a new one. */
  readonly expectAlive: (wire?: Wire) => Promise<void>;
}

/** What closes at the end of each test, whatever became of it. */
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export async function serve(
  framework: Framework,
  given: { readonly maxBodyBytes?: number; readonly bodyTimeoutMs?: number } = {},
): Promise<Served> {
  const reports = queue<string>();
  const handled: unknown[] = [];
  const app = await apps[framework](scheme.provider, {
    secret: scheme.secret,
    dedupe: false,
    on: { '*': ({ data }) => handled.push(data) },
    onOutcome: ({ outcome }) => reports.push(outcome),
    ...given,
  });
  open.push(app.close);
  const wire = async (): Promise<Wire> => {
    const made = await openWire(app.port);
    open.push(made.destroy);
    return made;
  };
  const expectAlive = async (given?: Wire) => {
    const alive = given ?? (await wire());
    const { body, headers } = genuine(99);
    await alive.write(head('POST', [...headers, ['Content-Length', String(body.length)]]));
    await alive.write(body);
    expectRow(await alive.reply(), 'handled');
    expect(await reports.next()).toBe('handled');
  };
  return { wire, handled, nextReport: reports.next, expectAlive };
}

/** The header that announces a body, and the body in its chunks where it comes in chunks. */
export const framings = {
  length: {
    header: ({ length }: Uint8Array): Header => ['Content-Length', String(length)],
    piece: (bytes: Uint8Array) => bytes,
  },
  chunked: {
    header: (): Header => ['Transfer-Encoding', 'chunked'],
    piece: (bytes: Uint8Array) => chunk(bytes),
  },
};

export function expectRow({ status, contentType, allow, body }: Answer, row: Row | 'body_timeout'): void {
  const timeout: Answer = {
    ...answerFor('invalid_body'),
    status: 408,
    body: '{"title":"Request Timeout","status":408,"code":"body_timeout"}',
  };
  expect({ status, contentType, allow, body }).toEqual(row === 'body_timeout' ? timeout : answerFor(row));
}

function queue<T>() {
  const items: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  return {
    push(item: T): void {
      const next = waiting.shift();
      if (next === undefined) items.push(item);
      else next(item);
    },
    next: () =>
      new Promise<T>((resolve) => {
        const item = items.shift();
        if (item === undefined) waiting.push(resolve);
        else resolve(item);
      }),
  };
}

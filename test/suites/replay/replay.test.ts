import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ClaimStore,
  createReceiver,
  grantex,
  grantiva,
  gravv,
  type Inbox,
  memoryClaims,
  type Provider,
  standardWebhooks,
} from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { signedDelivery } from '@hookproof/testing';
import { afterAll, describe, expect, it } from 'vitest';

/** A delivery that somebody has captured, and sends again. */
interface Captured {
  readonly provider: Provider;
  readonly event: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Changes what is not signed, as its sender can. */
  readonly altered?: (headers: Record<string, string>, turn: number) => void;
}

const at = Date.parse('2026-11-27T12:00:00Z');
const hour = 3_600_000;
const secret = 'a secret of 30 letters or more';
const standardSecret = `whsec_${Buffer.from(secret).toString('base64')}`;

const revoked = {
  id: 'evt_1',
  type: 'grant.revoked',
  createdAt: new Date(at).toISOString(),
  data: { grantId: 'grnt_1', cascade: true },
};
const device = { event: 'device.new', data: { device_id: 'dev_1' } };
const timed = { ...device, timestamp: new Date(at).toISOString() };
const withId = { 'x-grantiva-delivery': 'first' };

// By the first cell of their row on the page.
const captured: Readonly<Record<string, Captured>> = {
  'Grantex V2': { provider: grantex({ signature: 'v2' }), event: revoked },
  'Grantex V1': { provider: grantex({ signature: 'v1' }), event: revoked },
  'Grantex `auto`, the V2 headers taken away': {
    provider: grantex(),
    event: revoked,
    altered(headers) {
      delete headers['x-grantex-signature-v2'];
      delete headers['x-grantex-timestamp'];
    },
  },
  Gravv: {
    provider: gravv(),
    event: {
      event_id: 'evt_1',
      event_type: 'transfer.status.completed',
      event_data: {},
      timestamp: new Date(at).toISOString(),
    },
  },
  'Standard Webhooks': { provider: standardWebhooks(), event: { type: 'invoice.paid', data: {} } },
  'Grantiva, with a timestamp': { provider: grantiva(), event: timed, headers: withId },
  'Grantiva, without a timestamp': { provider: grantiva(), event: device, headers: withId },
  'the same, another delivery id each time': {
    provider: grantiva(),
    event: device,
    headers: withId,
    altered(headers, turn) {
      headers['x-grantiva-delivery'] = `another ${turn}`;
    },
  },
  'the same, without the delivery id': {
    provider: grantiva(),
    event: device,
    altered(headers) {
      delete headers['x-grantiva-delivery'];
    },
  },
};

const folder = mkdtempSync(join(tmpdir(), 'hookproof-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** How a receiver remembers what it handled. */
interface Memory {
  /** One that begins anew, as after a restart, with whatever lasts. */
  readonly options: () => {
    readonly inbox?: Inbox;
    readonly dedupe?: ClaimStore;
    readonly maxEventAgeSeconds?: number;
  };
  /** Everything that ends what is remembered. */
  readonly forget: () => Promise<void>;
  readonly handle: () => Promise<void>;
}

const memories: Readonly<Record<string, () => Memory>> = {
  'after a restart': () => ({ options: () => ({}), forget: async () => undefined, handle: async () => undefined }),
  'with an inbox': () => {
    const path = join(folder, `${files++}.db`);
    let inbox = sqliteInbox({ path, work: false, now: () => at });
    return {
      options: () => ({ inbox }),
      async handle() {
        await inbox.drain();
      },
      async forget() {
        await inbox.prune({ handledBefore: new Date(at + hour) });
        await inbox.close();
        inbox = sqliteInbox({ path, work: false, now: () => at + hour });
      },
    };
  },
  'with `maxEventAgeSeconds`': () => ({
    options: () => ({ maxEventAgeSeconds: 1_800 }),
    forget: async () => undefined,
    handle: async () => undefined,
  }),
};

/** How often an event is handled again, of three times that it is sent again an hour later. */
async function handledAgain({ provider, event, headers = {}, altered }: Captured, memory: Memory): Promise<number> {
  let handled = 0;
  const own = provider.secret.encoding === 'base64' ? standardSecret : secret;
  const receiverAt = (now: number) =>
    createReceiver<Provider, undefined, Inbox | undefined>({
      provider,
      secret: own,
      on: { '*': () => void handled++ },
      now: () => now,
      ...memory.options(),
    });
  const body = JSON.stringify(event);
  const delivery = await signedDelivery(provider, { body, headers }, { secret: own, at });
  const first = receiverAt(at);
  const sent = { ...headers, ...delivery.headers };
  expect((await first.receive({ headers: sent, body, request: undefined })).status).toBeLessThan(300);
  await memory.handle();
  expect(handled).toBe(1);
  await memory.forget();
  const restarted = receiverAt(at + hour);
  for (let turn = 0; turn < 3; turn++) {
    const again = { ...sent };
    altered?.(again, turn);
    await restarted.receive({ headers: again, body, request: undefined });
    await memory.handle();
  }
  const { inbox } = memory.options();
  await inbox?.close();
  return handled - 1;
}

const [, section = ''] = readFileSync(new URL('../../../docs/receiving.md', import.meta.url), 'utf8').split(
  '## A captured delivery, sent again',
);
const table = (section.match(/^\|.*\|$/gm) ?? []).map((row) =>
  row
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim()),
);
const [head = [], , ...rows] = table;

describe('a captured delivery that is sent again an hour later is handled again where the page says so, and nowhere else', () => {
  it('the page has a row for each, and a column', () => {
    expect(rows.map(([first]) => first)).toEqual(Object.keys(captured));
    expect(head.slice(1)).toEqual(Object.keys(memories));
  });

  it.each(
    rows.flatMap(([what = '', ...cells]) => cells.map((said, index) => [what, head[index + 1] ?? '', said] as const)),
  )('%s, %s: %s', async (what, remembered, said) => {
    const [delivery, memory] = [captured[what], memories[remembered]?.()];
    if (delivery === undefined || memory === undefined) return expect.unreachable('a row of the page without a case');
    const times = await handledAgain(delivery, memory);
    expect(times > 0 ? 'handled again' : 'no').toBe(said);
  });

  it('and so it is after 10,000 newer events', { timeout: 60_000 }, async () => {
    const newer = await Promise.all(
      Array.from({ length: 10_001 }, (_, index) => {
        const event = { event_id: `newer ${index}`, event_type: 'transfer.status.completed', event_data: {} };
        return signedDelivery(gravv(), { body: JSON.stringify(event) }, { secret });
      }),
    );
    for (const [what = '', said] of rows) {
      const dedupe = memoryClaims();
      const others = createReceiver({
        provider: gravv(),
        receiverName: 'others',
        secret,
        dedupe,
        on: { '*': () => {} },
      });
      const times = await handledAgain(captured[what] ?? expect.unreachable(what), {
        options: () => ({ dedupe }),
        async forget() {
          for (const { headers, body } of newer) await others.receive({ headers, body });
        },
        handle: async () => undefined,
      });
      expect([what, times > 0 ? 'handled again' : 'no']).toEqual([what, said]);
    }
  });

  it('nothing is handled again by the process that handled it', async () => {
    for (const [what, { provider, event, headers = {} }] of Object.entries(captured)) {
      if (what.startsWith('the same')) continue;
      const own = provider.secret.encoding === 'base64' ? standardSecret : secret;
      let handled = 0;
      const receiver = createReceiver({
        provider,
        secret: own,
        dedupe: memoryClaims(),
        on: { '*': () => void handled++ },
        now: () => at,
      });
      const body = JSON.stringify(event);
      const delivery = await signedDelivery(provider, { body, headers }, { secret: own, at });
      for (let turn = 0; turn < 5; turn++)
        await receiver.receive({ headers: { ...headers, ...delivery.headers }, body });
      expect([what, handled]).toEqual([what, 1]);
    }
  });
});

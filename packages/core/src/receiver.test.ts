import { expect, it } from 'vitest';
import type { memoryClaims } from './handling/memory-claims.ts';
import { signBody } from './proof/sign.ts';
import { gravv } from './providers/gravv.ts';
import { createReceiver } from './receiver.ts';
import type { OutcomeReport } from './report/outcome.ts';

const body = JSON.stringify({ event_id: 'guessable-1', event_type: 'card.unknown', event_data: {} });

async function delivery(secret: string) {
  return { body, headers: await signBody(gravv(), { body, secret, id: '', timestamp: 0 }) };
}

it('an event of one tenant is no duplicate of another tenant’s with the same id', async () => {
  const handled: string[] = [];
  const receiver = createReceiver({
    provider: gravv(),
    secret: (tenant: string) => `secret of ${tenant}`,
    on: { '*': (_event, { request }) => handled.push(request) },
  });
  for (const tenant of ['a', 'b', 'a', 'b'])
    await receiver.receive({ ...(await delivery(`secret of ${tenant}`)), request: tenant });
  expect(handled).toEqual(['a', 'b']);
});

it('an empty list from the secret function means that nobody owns the request: 401, and no retry is asked for', async () => {
  const receiver = createReceiver({ provider: gravv(), secret: () => [], on: {} });
  expect((await receiver.receive(await delivery('any'))).outcome).toBe('signature_mismatch');
});

it('a secret function or claims store that never answers is given up after timeoutMs', async () => {
  const never = new Promise<never>(() => undefined);
  const common = { provider: gravv(), timeoutMs: 5, on: { '*': () => undefined }, onOutcome: () => undefined };
  const noSecret = createReceiver({ ...common, secret: () => never });
  expect((await noSecret.receive(await delivery('any'))).outcome).toBe('secret_unavailable');
  const noClaim = createReceiver({ ...common, secret: 'any', dedupe: { claim: () => never } });
  expect((await noClaim.receive(await delivery('any'))).outcome).toBe('claims_unavailable');
});

it('a claims store that answers something else than a claim is refused before any handler runs', async () => {
  for (const answer of [true, undefined, {}, { state: 'taken' }, { state: 'new' }, null]) {
    const handled: unknown[] = [];
    const reports: OutcomeReport[] = [];
    const store = { claim: () => answer };
    const receiver = createReceiver({
      provider: gravv(),
      secret: 'any',
      dedupe: store as unknown as ReturnType<typeof memoryClaims>,
      on: { '*': (event) => handled.push(event) },
      onOutcome: (report) => reports.push(report),
    });
    expect((await receiver.receive(await delivery('any'))).outcome, JSON.stringify(answer)).toBe('claims_unavailable');
    expect(handled).toEqual([]);
    expect(String(reports[0]?.error?.cause)).toContain("{ state: 'taken', done, release }");
  }
});

it('an event that no handler wants is ignored, whatever its data', async () => {
  const bad = JSON.stringify({ event_id: '1', event_type: 'transfer.status.completed', event_data: null });
  const headers = await signBody(gravv(), { body: bad, secret: 'any', id: '', timestamp: 0 });
  const on = { 'inflow.completed': () => undefined };
  const receiver = createReceiver({ provider: gravv(), secret: 'any', on });
  expect((await receiver.receive({ headers, body: bad })).outcome).toBe('ignored');
});

import { createReceiver, grantex, gravv, type Inbox, type Provider } from '@hookproof/core';
import { type DeliveryLog, gravvDeliveries, gravvLog, type LoggedDelivery, reconcile } from '@hookproof/endpoints';
import { signedDelivery } from '@hookproof/testing';
import { describe, expect, it } from 'vitest';
import { handled, inboxFor, run, scene, until } from './scene.ts';
import { grantexService, grantivaService, gravvService, secretOfServices as secret } from './services.ts';

const dayMs = 86_400_000;

describe('what the log has kept is taken in through the receiver, which proves it:', () => {
  it('marked with when, and handled once', async () => {
    const { inbox, app, server, log } = await scene(gravv(), gravvService);
    await server.emit(60, 0.3, until());
    const lost = server.lost().length;
    const found = await run({ log, inbox, backfill: app.receiver });
    expect(found).toMatchObject({ compared: 60, present: 60 - lost, missing: [] });
    expect(found.recovered).toHaveLength(lost);
    await handled(inbox, 60);
    expect([...app.handled].sort()).toEqual(server.log.map(({ mark }) => mark).sort());
    const marked: string[] = [];
    for await (const { id } of inbox.list()) {
      const when = (await inbox.get(id))?.headers.get('hookproof-backfilled');
      if (when !== undefined) marked.push(when);
    }
    expect(marked).toHaveLength(lost);
    for (const when of marked) expect(Math.abs(Date.now() - Date.parse(when))).toBeLessThan(60_000);
    // Nothing was sent again for it.
    expect(server.seen.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('one whose signature does not fit is refused, and stays missing', async () => {
    const { inbox, server, log } = await scene(gravv(), gravvService);
    await server.emit(20, 0.3, until());
    const other = createReceiver<Provider, undefined, Inbox>({
      ...{ provider: gravv(), secret: 'another secret, of another endpoint', inbox, on: { '*': () => undefined } },
      receiverName: 'other',
      onOutcome: () => undefined,
    });
    const { missing, recovered } = await run({ log, inbox, backfill: other });
    expect([missing.length, recovered]).toEqual([server.lost().length, []]);
    expect(new Set(missing.map(({ tried }) => tried))).toEqual(new Set(['signature_mismatch']));
    expect((await inbox.counts('other')).waiting).toBe(0);
  });

  it('one that was signed too long ago is refused by a scheme that signs the time', async () => {
    const { inbox, app } = await scene(grantex(), grantexService);
    const id = 'evt_1';
    const event = { id, type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: false } } as const;
    const at = Date.now() - 301_000;
    const { headers, text } = await signedDelivery(grantex(), event, { secret, at });
    const lost = logged({ eventId: id, createdAt: new Date(at).toISOString() });
    const contents = { eventId: id, headers: new Map(Object.entries(headers)), bodies: [text] };
    const log = { ...logOfOne('grantex', lost), content: async () => contents };
    const { missing } = await run({ log, inbox, backfill: app.receiver });
    expect(missing).toEqual([{ ...lost, tried: 'stale_delivery' }]);
    expect((await inbox.counts()).waiting).toBe(0);
  });
});

describe('what is not missing:', () => {
  it('what was handled and pruned', async () => {
    const { inbox, server, log } = await scene(gravv(), gravvService);
    await server.emit(30, 0, until());
    await handled(inbox, 30);
    expect(await inbox.prune({ handledBefore: new Date(Date.now() + 60_000) })).toBe(30);
    expect(await run({ log, inbox })).toMatchObject({ compared: 30, present: 30, missing: [] });
  });

  it('what the provider will send again by itself', async () => {
    const { inbox, server, log } = await scene(gravv(), gravvService);
    await server.emit(10, 1, until());
    for (const sent of server.log) sent.status = 'pending';
    expect(await run({ log, inbox })).toMatchObject({ compared: 10, present: 0, pending: 10, missing: [] });
  });

  it('what was made within the last minute, before since, or is of a type that nobody handles', async () => {
    const { inbox, server, log } = await scene(grantex(), grantexService);
    await server.emit(120, 1, Date.now() - 30_000);
    const all = await run({ log, inbox });
    expect(all.missing.length).toBeGreaterThan(85);
    expect(all.missing.length).toBeLessThanOrEqual(90);
    const since = new Date(Date.now() - 100_000);
    const late = await run({ log, inbox, since });
    expect(late.missing.every(({ createdAt }) => createdAt >= since.toISOString())).toBe(true);
    expect(late.missing.length).toBeLessThan(45);
    expect(await run({ log, inbox, types: ['grant.created', 'token.*'] })).toMatchObject({ compared: 0 });
    expect((await run({ log, inbox, types: ['grant.*'] })).missing).toHaveLength(all.missing.length);
  });

  it('what a receiver has ignored, as the log says', async () => {
    const { inbox, server, log } = await scene(gravv(), grantivaService, undefined, 'grantiva');
    await server.emit(3, 1, until());
    for (const sent of server.log) Object.assign(sent, { status: 'delivered', reply: '{"outcome":"ignored"}' });
    expect(await run({ log, inbox })).toMatchObject({ compared: 3, ignored: 3, missing: [] });
  });

  it('what is known under another name of the receiver, or of an owner, where that is told', async () => {
    const owner = 'acme: é';
    const { inbox, server, log } = await scene(gravv(), gravvService, { receiverName: 'payments', owner });
    await server.emit(12, 0, until());
    expect((await run({ log, inbox })).missing).toHaveLength(12);
    expect((await run({ log, inbox, receiverName: 'payments' })).missing).toHaveLength(12);
    expect((await run({ log, inbox, receiverName: 'payments', owner: 'other' })).missing).toHaveLength(12);
    expect(await run({ log, inbox, receiverName: 'payments', owner })).toMatchObject({ present: 12, missing: [] });
  });
});

it('Grantex is asked for no page beyond the window', async () => {
  const { inbox, server, log } = await scene(grantex(), grantexService);
  await server.emit(250, 0, until() - 2 * dayMs);
  await server.emit(150, 0, until());
  const { compared, missing } = await run({ log, inbox });
  expect([compared, missing]).toEqual([150, []]);
  // Two of the window, and one that is past it: its first half is not.
  expect(server.seen.map(({ query }) => query.get('page'))).toEqual(['1', '2', '3']);
});

it('stops sending again after ten in a row have not arrived', async () => {
  const { inbox, app, server, log } = await scene(gravv(), gravvService);
  await server.emit(250, 1, until());
  await app.close();
  const { missing, recovered } = await run({ log, inbox, resend: true });
  expect([missing.length, recovered]).toEqual([250, []]);
  const sent = missing.filter(({ tried }) => tried !== undefined);
  expect(new Set(sent.map(({ tried }) => tried))).toEqual(new Set(['no reply']));
  expect(sent).toHaveLength(10);
});

it('what an earlier run found missing can be looked for again, as a log of its own', async () => {
  const { inbox, server, log } = await scene(gravv(), gravvService);
  await server.emit(150, 0.2, until());
  const { missing } = await run({ log, inbox }, 1);
  const deliveries = JSON.parse(JSON.stringify(missing));
  const known = {
    ...log,
    async *pages() {
      yield { page: 1, deliveries };
    },
  };
  expect(missing.length).toBeGreaterThan(0);
  expect((await run({ log: known, inbox, resend: true })).recovered).toHaveLength(missing.length);
  expect(await run({ log: known, inbox })).toMatchObject({ present: missing.length, missing: [] });
});

it('a signal ends it with the error of the call', async () => {
  const { inbox, server, log } = await scene(grantex(), grantexService);
  await server.emit(250, 0, until());
  const controller = new AbortController();
  const pages = reconcile({ log, inbox, signal: controller.signal });
  await expect(async () => {
    for await (const _ of pages) controller.abort();
  }).rejects.toMatchObject({ code: 'aborted' });
});

it('a client begins no more requests in a second than it may', async () => {
  const { inbox, server } = await scene(gravv(), gravvService);
  await server.emit(300, 0, until());
  const apiKey = 'grvSec_sandbox_0123456789';
  const log = gravvLog(gravvDeliveries({ baseUrl: server.baseUrl, apiKey, requestsPerSecond: 10 }));
  const begun = performance.now();
  expect(await run({ log, inbox })).toMatchObject({ present: 300 });
  expect(server.seen).toHaveLength(3);
  expect(performance.now() - begun).toBeGreaterThan(190);
});

describe('options of reconcile that are wrong are named:', () => {
  const inbox = inboxFor();
  const log = logOfOne('grantex', logged({}));
  it.each([
    [{ log: undefined }, 'log is not a delivery log'],
    [{ inbox: {} }, 'inbox is not an inbox'],
    [{ resend: true }, 'resend was given, but grantex cannot send again'],
    [{ backfill: { receive: () => undefined } }, 'backfill was given, but the log of grantex keeps no bodies'],
    [{ since: '2026-01-01' }, 'since is not a Date'],
    [{ until: new Date('none') }, 'until is not a Date'],
    [{ since: new Date(), until: new Date(5) }, 'since is not before until'],
    [{ types: 'device.new' }, 'types is not a list'],
    [{ patienceMs: Number.NaN }, 'patienceMs is not a time'],
    [{ from: { since: 'x', until: 'y', page: 1 } }, 'from is not a cursor'],
    [{ form: 1 }, 'form is not an option of reconcile. Did you mean from?'],
  ])('%j', (wrong, message) => {
    const options: object[] = [{ log, inbox, ...wrong }];
    expect(() => Reflect.apply(reconcile, undefined, options)).toThrow(message);
  });
});

function logged(more: Partial<LoggedDelivery>): LoggedDelivery {
  const createdAt = new Date(until()).toISOString();
  const known = { id: 'whd_1', eventId: 'evt_1', type: 'grant.revoked', createdAt, status: 'failed', attempts: 5 };
  return { ...known, isPending: false, outcome: undefined, ...more };
}

function logOfOne(provider: string, delivery: LoggedDelivery): DeliveryLog {
  return {
    provider,
    async *pages() {
      yield { page: 1, deliveries: [delivery] };
    },
  };
}

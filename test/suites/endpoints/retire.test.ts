import type { GrantexEnsured } from '@hookproof/endpoints';
import { describe, expect, it } from 'vitest';
import { closeAfterEach } from '../closing.ts';
import { errorOf, grantex } from './clients.ts';
import { countingReceiver, deliveringGrantex } from './delivering.ts';
import { reply, usual } from './servers.ts';

const open = closeAfterEach();
const pollMs = 10;

/** A Grantex with an endpoint, and the receiver that it sends to. */
async function start() {
  const receiver = await countingReceiver();
  open.push(receiver.close);
  const server = await deliveringGrantex();
  open.push(server.close);
  const { endpoints } = server;
  const former = await endpoints.create({ url: receiver.url, events: ['grant.created', 'grant.revoked'] });
  receiver.secrets.push(former.secret.reveal());
  return { server, receiver, endpoints, former };
}

/** Waits until nothing is pending any more. */
async function settled({ endpoints }: Pick<Awaited<ReturnType<typeof start>>, 'endpoints'>): Promise<void> {
  for (const { id } of await endpoints.list()) {
    for (;;) {
      const pages = endpoints.deliveries(id, { status: 'pending' }).pages();
      const { value } = await pages[Symbol.asyncIterator]().next();
      if (value?.total === 0) break;
    }
  }
}

function ofReplaced(result: GrantexEnsured) {
  if (result.action !== 'replaced') throw new Error(`it was ${result.action}`);
  return result;
}

const once = (ids: readonly string[]) => new Map(ids.map((id) => [id, 1]));
const sorted = (map: ReadonlyMap<string, number>) => new Map([...map].sort());

describe('replacing and rotating lose nothing at a Grantex that deletes what is queued', () => {
  it('ensure: what was queued before the new endpoint, and what happens meanwhile, is handled once each', async () => {
    const { server, receiver, endpoints, former } = await start();
    const happened = Array.from({ length: 60 }, () => server.happen('grant.revoked'));
    const counts: number[] = [];
    const result = await endpoints.ensure({
      url: receiver.url,
      events: ['grant.revoked'],
      replace: true,
      pollMs,
      onCreated: ({ secret }) => void receiver.secrets.unshift(secret.reveal()),
      onPending: (pending) => {
        counts.push(pending);
        happened.push(server.happen('grant.revoked'));
      },
    });
    happened.push(server.happen('grant.revoked'));
    await settled(server);
    expect(ofReplaced(result)).toMatchObject({ previous: { id: former.id }, kept: undefined, pending: 0 });
    expect(server.rows.map(({ id }) => id)).toEqual([result.endpoint.id]);
    expect(happened.length).toBeGreaterThan(62);
    expect(sorted(receiver.handled)).toEqual(once(happened));
    expect(receiver.refused).toEqual([]);
    expect([Math.max(...counts) > 0, counts.at(-1)]).toEqual([true, 0]);
  });

  it('ensure: what the receiver refuses at first is waited for through its retries', async () => {
    const { server, receiver, endpoints } = await start();
    const happened = Array.from({ length: 8 }, () => server.happen('grant.created'));
    receiver.setDown(true);
    let looks = 0;
    const result = await endpoints.ensure({
      url: receiver.url,
      events: ['grant.created'],
      replace: true,
      pollMs,
      onPending: () => {
        looks += 1;
        const tried = server.deliveries.filter(({ attempts }) => attempts >= 2).length;
        if (tried === 8) receiver.setDown(false);
      },
    });
    expect(ofReplaced(result).kept).toBeUndefined();
    expect(looks).toBeGreaterThan(1);
    expect(sorted(receiver.handled)).toEqual(once(happened));
  });

  it('a rotation: create, let the receiver know both, retire', async () => {
    const { server, receiver, endpoints, former } = await start();
    const happened = Array.from({ length: 40 }, () => server.happen('grant.revoked'));
    const { url, events } = former;
    const created = await endpoints.create({ url, events });
    happened.push(server.happen('grant.created'));
    receiver.secrets.unshift(created.secret.reveal());
    const onPending = () => void happened.push(server.happen('grant.created'));
    expect(await endpoints.retire(former.id, { pollMs, onPending })).toEqual({ deleted: true, pending: 0 });
    receiver.secrets.pop();
    happened.push(server.happen('grant.revoked'));
    await settled(server);
    expect(server.rows.map(({ id }) => id)).toEqual([created.id]);
    expect(sorted(receiver.handled)).toEqual(once(happened));
  });

  it('where it takes too long, both endpoints stay, the result says so, and retire ends it later', async () => {
    const { server, receiver, endpoints, former } = await start();
    const happened = Array.from({ length: 8 }, () => server.happen('grant.revoked'));
    receiver.setDown(true);
    const wanted = { url: receiver.url, events: ['grant.revoked'], replace: true, pollMs, waitMs: 0 };
    const result = await endpoints.ensure({
      ...wanted,
      onCreated: ({ secret }) => void receiver.secrets.push(secret.reveal()),
    });
    expect(result).toMatchObject({ action: 'replaced', kept: 'pending', pending: 8, deleteError: undefined });
    expect(server.rows.map(({ id }) => id)).toEqual([former.id, result.endpoint.id]);
    expect(await endpoints.ensure(wanted)).toMatchObject({ action: 'unchanged', others: [{ id: former.id }] });
    expect(await endpoints.retire(former.id, { pollMs, waitMs: 0 })).toEqual({ deleted: false, pending: 8 });
    receiver.setDown(false);
    expect(await endpoints.retire(former.id, { pollMs })).toEqual({ deleted: true, pending: 0 });
    expect(sorted(receiver.handled)).toEqual(once(happened));
  });

  it('and an endpoint that is never idle is retired all the same', async () => {
    const { server, receiver, endpoints, former } = await start();
    const happened = [server.happen('grant.revoked')];
    const created = await endpoints.create({ url: receiver.url, events: former.events });
    receiver.secrets.push(created.secret.reveal());
    let idle = 0;
    const onPending = () => {
      if (server.deliveries.every(({ webhookId, status }) => webhookId !== former.id || status !== 'pending'))
        idle += 1;
      for (let count = 0; count < 5; count += 1) happened.push(server.happen('grant.revoked'));
    };
    happened.push(server.happen('grant.revoked'));
    expect(await endpoints.retire(former.id, { pollMs: 1, onPending })).toMatchObject({ deleted: true });
    await settled(server);
    expect(idle).toBe(0);
    expect(sorted(receiver.handled)).toEqual(once(happened));
  });
});

describe('a wait for what is pending', () => {
  const url = 'https://example.com/hooks';
  const id = 'wh_00000001';
  const wanted = { url, events: ['grant.revoked'], replace: true, pollMs };

  async function withPending(count: number) {
    const { server, endpoints } = await grantex({ maxAttempts: 1 });
    server.add({ url, events: ['grant.created'] });
    for (let made = 0; made < count; made += 1) server.deliver('pending');
    const deliverAll = () => {
      for (const [index, one] of server.deliveries.entries())
        server.deliveries[index] = { ...one, status: 'delivered' };
    };
    return { server, endpoints, deliverAll };
  }

  it('ends with the signal, and the new secret is not lost', async () => {
    const { server, endpoints } = await withPending(3);
    const controller = new AbortController();
    const onPending = () => controller.abort();
    const result = ofReplaced(
      await endpoints.ensure(
        { ...wanted, pollMs: 60_000, onPending: undefined, onCreated: () => setImmediate(onPending) },
        controller,
      ),
    );
    expect(result).toMatchObject({ kept: 'failed', deleteError: { code: 'aborted' } });
    expect(result.endpoint.secret.reveal()).toBe(server.secrets[0]);
    // It does not look before what is being queued at the creation can be seen.
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'POST']);
    const stopped = new AbortController();
    const retiring = endpoints.retire(id, { pollMs: 60_000, onPending: () => stopped.abort() }, stopped);
    expect(await errorOf(retiring)).toMatchObject({ code: 'aborted' });
    expect(server.rows).toHaveLength(2);
  });

  it('ends with what onPending and onCreated throw, and nothing is deleted', async () => {
    const { server, endpoints } = await withPending(1);
    const enough = new Error('enough');
    const fail = () => {
      throw enough;
    };
    expect(await endpoints.ensure({ ...wanted, onPending: fail })).toMatchObject({
      kept: 'failed',
      pending: 1,
      deleteError: enough,
    });
    await expect(endpoints.ensure({ ...wanted, events: ['token.issued'], onCreated: fail })).rejects.toBe(enough);
    await expect(endpoints.retire(id, { onPending: fail })).rejects.toBe(enough);
    expect(server.rows).toHaveLength(3);
  });

  it.each([reply(500), reply(503), reply(429)])('outlasts a provider that is out of order', async (answer) => {
    const { server, endpoints, deliverAll } = await withPending(1);
    server.next(usual, answer, answer);
    const counts: number[] = [];
    const onPending = (pending: number) => {
      counts.push(pending);
      deliverAll();
    };
    expect(await endpoints.retire(id, { pollMs, onPending })).toEqual({ deleted: true, pending: 0 });
    expect(counts).toEqual([1, 0]);
    server.next(answer);
    expect((await errorOf(endpoints.retire(id, { pollMs, waitMs: 0 }))).code).toMatch(/server_error|rate_limited/);
  });

  it('of an endpoint that is not there, or without the right to look, ends at once', async () => {
    const { server, endpoints } = await withPending(1);
    expect(await errorOf(endpoints.retire('wh_404'))).toMatchObject({ code: 'not_found' });
    server.next(reply(401));
    expect(await errorOf(endpoints.retire(id))).toMatchObject({ code: 'unauthorized' });
    expect(server.rows).toHaveLength(1);
  });

  it('does not overlook those that move to a page that was read already', async () => {
    const { server, endpoints } = await withPending(50);
    let looks = 0;
    const onPending = () => {
      looks += 1;
      if (looks > 1) return;
      for (let made = 0; made < 100; made += 1) server.deliver('pending');
      server.next(usual, (response, perform, seen) => {
        // Of the newer hundred, which were the first page, half is delivered: the old ones are the first page now.
        for (let index = 0; index < 50; index += 1) {
          const one = server.deliveries[index];
          if (one !== undefined) server.deliveries[index] = { ...one, status: 'delivered' };
        }
        usual(response, perform, seen);
      });
    };
    expect(await endpoints.retire(id, { pollMs: 1, waitMs: 50, onPending })).toEqual({ deleted: false, pending: 50 });
    expect(server.rows).toHaveLength(1);
  });

  it('takes a time that cannot be read for an old one', async () => {
    const { server, endpoints } = await withPending(1);
    const [one] = server.deliveries;
    const onPending = () => {
      if (one !== undefined) server.deliveries.splice(0, 1, { ...one, createdAt: 'yesterday' });
    };
    expect(await endpoints.retire(id, { pollMs: 1, waitMs: 20, onPending })).toEqual({ deleted: false, pending: 1 });
  });

  it.each([
    [{ waitMs: -1 }, 'waitMs is not a time'],
    [{ waitMs: Number.NaN }, 'waitMs is not a time'],
    [{ waitMs: 2 ** 31 }, 'waitMs is not a time'],
    [{ pollMs: 0 }, 'pollMs is not a time'],
    [{ pollMs: 2 ** 31 }, 'pollMs is not a time'],
    [{ onPending: 7 }, 'onPending is not a function'],
    [{ onCreated: {} }, 'onCreated is not a function'],
    [{ wait: 7 }, 'Did you mean waitMs?'],
  ])('is refused with wrong options: %j', async (options, message) => {
    const { server, endpoints } = await withPending(0);
    const wrong: object = options;
    const refused = { code: 'invalid_options', message: expect.stringContaining(message) };
    await expect(endpoints.ensure({ ...wanted, ...wrong })).rejects.toMatchObject(refused);
    if (!('onCreated' in options)) await expect(endpoints.retire(id, { ...wrong })).rejects.toMatchObject(refused);
    expect(server.seen).toEqual([]);
  });
});

import { grantexEndpoints } from '@hookproof/endpoints';
import { describe, expect, it } from 'vitest';
import { all, errorOf, grantex } from './clients.ts';
import { grantexKey, reply, usual } from './servers.ts';

const url = 'https://example.com/hooks/grantex';
const events = ['grant.created', 'grant.revoked'];

describe('the methods of Grantex', () => {
  it('create, list and delete an endpoint', async () => {
    const { server, endpoints } = await grantex();
    const created = await endpoints.create({ url, events });
    expect(created.secret.reveal()).toBe(server.secrets[0]);
    const { secret: _, ...endpoint } = created;
    expect(await endpoints.list()).toEqual([endpoint]);
    expect(endpoint).toEqual({ id: 'wh_00000001', url, events, createdAt: '2026-03-01T12:00:00.000Z' });
    expect(await endpoints.delete(created.id)).toBeUndefined();
    expect(await endpoints.list()).toEqual([]);
  });

  it('send what the API documents, and nothing else', async () => {
    const { server, endpoints } = await grantex();
    const { id } = await endpoints.create({ url, events: [...events, ...events] });
    await endpoints.list();
    await all(endpoints.deliveries(id));
    await all(endpoints.deliveries(id, { status: 'failed', pageSize: 7 }));
    await endpoints.delete(id);
    expect(server.seen.map(({ method, path, query, body }) => [method, path, `${query}`, body])).toEqual([
      ['POST', '/v1/webhooks', '', JSON.stringify({ url, events })],
      ['GET', '/v1/webhooks', '', ''],
      ['GET', `/v1/webhooks/${id}/deliveries`, 'page=1&pageSize=100', ''],
      ['GET', `/v1/webhooks/${id}/deliveries`, 'status=failed&page=1&pageSize=7', ''],
      ['DELETE', `/v1/webhooks/${id}`, '', ''],
    ]);
    for (const { headers } of server.seen) expect(headers.authorization).toBe(`Bearer ${grantexKey}`);
  });

  it('go to https://api.grantex.dev by default', async () => {
    const urls: string[] = [];
    const endpoints = grantexEndpoints({
      apiKey: grantexKey,
      fetch: async (url) => {
        urls.push(url);
        return Response.json({ webhooks: [] });
      },
    });
    await endpoints.list();
    expect(urls).toEqual(['https://api.grantex.dev/v1/webhooks']);
  });

  it('register an http URL at a development server alone', async () => {
    const { server, endpoints } = await grantex();
    await endpoints.create({ url: 'http://localhost:3000/hooks', events });
    expect(server.rows[0]?.url).toBe('http://localhost:3000/hooks');
    const real = grantexEndpoints({ apiKey: grantexKey });
    for (const local of ['http://localhost:3000/hooks', 'http://127.0.0.1/hooks', 'http://example.com/hooks']) {
      const error = { code: 'invalid_options', message: expect.stringMatching(/^url is not https/) };
      await expect(real.create({ url: local, events })).rejects.toMatchObject(error);
      await expect(real.ensure({ url: local, events })).rejects.toMatchObject(error);
    }
  });

  it('refuse wrong arguments before they send anything', async () => {
    const { server, endpoints } = await grantex();
    const wrong = (message: string) => ({ code: 'invalid_options', message: expect.stringContaining(message) });
    const described: object = { description: 'a' };
    await expect(endpoints.create({ url, events, ...described })).rejects.toMatchObject(
      wrong('description is not an option of a new endpoint.'),
    );
    const replace: object = { replace: 'yes' };
    await expect(endpoints.ensure({ url, events, ...replace })).rejects.toMatchObject(
      wrong('replace is not a boolean'),
    );
    await expect(endpoints.delete('../x')).rejects.toMatchObject(wrong('id is not an id'));
    expect(() => endpoints.deliveries('../x')).toThrow('id is not an id');
    expect(() => endpoints.deliveries('wh_1', { pageSize: 101 })).toThrow('pageSize is not a size');
    expect(() => endpoints.deliveries('wh_1', { pageSize: 0 })).toThrow('pageSize is not a size');
    const status: object = { status: 'lost' };
    expect(() => endpoints.deliveries('wh_1', status)).toThrow('status is none of a delivery');
    expect(server.seen).toEqual([]);
  });
});

describe('ensure at Grantex', () => {
  it('creates an endpoint where none has the URL', async () => {
    const { server, endpoints } = await grantex();
    server.add({ url: `${url}/other`, events });
    const result = await endpoints.ensure({ url, events });
    if (result.action !== 'created') return expect.unreachable(result.action);
    expect(result.endpoint.secret.reveal()).toBe(server.secrets[0]);
  });

  it('changes nothing where one fits, replace or not', async () => {
    const { server, endpoints } = await grantex();
    const { id } = server.add({ url, events: [...events].reverse() });
    expect(await endpoints.ensure({ url, events })).toMatchObject({ action: 'unchanged', endpoint: { id } });
    expect(await endpoints.ensure({ url, events, replace: true, pollMs: 1 })).toMatchObject({ action: 'unchanged' });
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('says that it cannot update, and changes nothing', async () => {
    const { server, endpoints } = await grantex();
    server.add({ url, events: ['grant.created'] });
    const error = await errorOf(endpoints.ensure({ url, events }));
    expect(error).toMatchObject({ code: 'cannot_update', attempts: 0, fix: expect.stringContaining('replace: true') });
    expect(server.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it('replaces where it is told to: first the new one, then the old one goes', async () => {
    const { server, endpoints } = await grantex();
    const other = server.add({ url: `${url}/other`, events });
    const older = server.add({ url, events: ['token.issued'] });
    const previous = server.add({ url, events: ['grant.created'] });
    const result = await endpoints.ensure({ url, events, replace: true, pollMs: 1 });
    if (result.action !== 'replaced') return expect.unreachable(result.action);
    expect(result).toMatchObject({ previous, others: [older], kept: undefined, endpoint: { url, events } });
    expect(result.deleteError).toBeUndefined();
    expect(result.endpoint.secret.reveal()).toBe(server.secrets[0]);
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'DELETE']);
    expect(server.rows.map(({ id }) => id)).toEqual([other.id, older.id, result.endpoint.id]);
  });

  it('does not lose the new secret where the old endpoint cannot be deleted', async () => {
    const { server, endpoints } = await grantex({ maxAttempts: 1 });
    const previous = server.add({ url, events: ['grant.created'] });
    server.next(usual, usual, usual, reply(500));
    const result = await endpoints.ensure({ url, events, replace: true, pollMs: 1 });
    if (result.action !== 'replaced') return expect.unreachable(result.action);
    expect(result.endpoint.secret.reveal()).toBe(server.secrets[0]);
    expect(result).toMatchObject({ kept: 'failed', deleteError: { code: 'server_error', status: 500 } });
    expect(server.rows).toContainEqual(previous);
  });

  it('does not lose the new secret where the call is stopped, or the old id is odd', async () => {
    const { server, endpoints } = await grantex();
    server.add({ url, events: ['grant.created'] });
    const controller = new AbortController();
    server.next(usual, usual, () => controller.abort());
    const stopped = await endpoints.ensure({ url, events, replace: true, pollMs: 1 }, { signal: controller.signal });
    expect(stopped).toMatchObject({ action: 'replaced', deleteError: { code: 'aborted' } });
    server.rows.splice(0, 9, { id: 'a/b', url, events: [], createdAt: '2026' });
    const odd = await endpoints.ensure({ url, events, replace: true, pollMs: 1 });
    expect(odd).toMatchObject({ action: 'replaced', deleteError: { code: 'invalid_options' } });
    if (odd.action === 'replaced') expect(odd.endpoint.secret.reveal()).toBe(server.secrets[1]);
  });

  it('deletes nothing where the plan has no room for the new one', async () => {
    const { server, endpoints } = await grantex();
    const { id } = server.add({ url, events: ['grant.created'] });
    server.next(reply(200, { webhooks: server.rows }), reply(402, { code: 'PLAN_LIMIT_EXCEEDED', message: 'm' }));
    const error = await errorOf(endpoints.ensure({ url, events, replace: true, pollMs: 1 }));
    expect(error).toMatchObject({ code: 'plan_limit_exceeded', providerCode: 'PLAN_LIMIT_EXCEEDED' });
    expect(server.rows.map((row) => row.id)).toEqual([id]);
  });
});

describe('the deliveries of Grantex', () => {
  it('are read page by page, and nothing before', async () => {
    const { server, endpoints } = await grantex();
    server.add({ url, events });
    for (let count = 0; count < 5; count += 1) server.deliver();
    const deliveries = endpoints.deliveries('wh_00000001', { pageSize: 2 });
    expect(server.seen).toHaveLength(0);
    const found: string[] = [];
    for await (const { id } of deliveries) {
      found.push(id);
      expect(server.seen).toHaveLength(Math.ceil(found.length / 2));
    }
    expect(found).toEqual(['whd_5', 'whd_4', 'whd_3', 'whd_2', 'whd_1']);
    expect(server.seen).toHaveLength(3);
    expect(await all(deliveries)).toHaveLength(5);
  });

  it('can be read by pages, the first even if it is empty', async () => {
    const { server, endpoints } = await grantex();
    server.add({ url, events });
    const empty = await all(endpoints.deliveries('wh_00000001').pages());
    expect(empty).toEqual([{ deliveries: [], total: 0, page: 1, pageSize: 100 }]);
    server.deliver('failed');
    server.deliver('delivered');
    const [page, ...more] = await all(endpoints.deliveries('wh_00000001', { status: 'failed' }).pages());
    expect(page).toMatchObject({ deliveries: [{ id: 'whd_1', lastError: 'HTTP 500' }], total: 1 });
    expect(page?.deliveries[0]?.deliveredAt).toBeUndefined();
    expect(more).toEqual([]);
  });

  it('come once each when new ones push them onto the next page', async () => {
    const { server, endpoints } = await grantex();
    server.add({ url, events });
    for (let count = 0; count < 6; count += 1) server.deliver();
    const found: string[] = [];
    for await (const { id } of endpoints.deliveries('wh_00000001', { pageSize: 2 })) {
      found.push(id);
      if (found.length === 2 || found.length === 3) server.deliver();
    }
    expect(found).toEqual(['whd_6', 'whd_5', 'whd_4', 'whd_3', 'whd_2', 'whd_1']);
  });

  it('stop asking when the reader breaks off', async () => {
    const { server, endpoints } = await grantex();
    server.add({ url, events });
    for (let count = 0; count < 6; count += 1) server.deliver();
    for await (const _ of endpoints.deliveries('wh_00000001', { pageSize: 2 })) break;
    expect(server.seen).toHaveLength(1);
  });

  it('of an endpoint that is not there are not_found', async () => {
    const { endpoints } = await grantex();
    const error = await errorOf(all(endpoints.deliveries('wh_404')));
    expect(error).toMatchObject({ code: 'not_found', requestId: 'req_1', providerCode: 'NOT_FOUND' });
  });

  it('take a status and an error that are null or new', async () => {
    const { server, endpoints } = await grantex();
    server.deliver();
    const [delivery] = server.deliveries;
    const odd = { ...delivery, status: 'held', lastError: null, deliveredAt: null, region: 'eu' };
    server.next(reply(200, { deliveries: [odd], total: 1, page: 1, pageSize: 100 }));
    const [found] = await all(endpoints.deliveries('wh_1'));
    expect(found).toMatchObject({ status: 'held' });
    expect([found?.lastError, found?.deliveredAt]).toEqual([undefined, undefined]);
  });
});

import { type GrantivaEndpointsOptions, grantivaEndpoints } from '@hookproof/endpoints';
import { describe, expect, it } from 'vitest';
import { errorOf, grantiva } from './clients.ts';
import { grantivaCookie, grantivaToken, loseAnswer, reply } from './servers.ts';

const url = 'https://example.com/hooks/grantiva';
const events = ['device.high_risk', 'device.new'];

describe('the methods of Grantiva', () => {
  it('create, list, update and delete an endpoint', async () => {
    const { server, endpoints } = await grantiva();
    const created = await endpoints.create({ url, events, description: 'Production' });
    expect(created).toMatchObject({ url, events, isActive: true, description: 'Production' });
    expect(created.updatedAt).toBeUndefined();
    expect(created.secret.reveal()).toBe(server.secrets[0]);

    const [listed] = await endpoints.list();
    expect(listed).toEqual({
      id: created.id,
      url,
      events,
      isActive: true,
      description: 'Production',
      createdAt: '2026-03-01T12:00:00.000Z',
      updatedAt: '2026-03-01T12:00:00.000Z',
    });

    const updated = await endpoints.update(created.id, { isActive: false, events: ['device.new'], description: 'Off' });
    expect(updated).toMatchObject({ id: created.id, isActive: false, events: ['device.new'], description: 'Off' });

    expect(await endpoints.delete(created.id)).toBeUndefined();
    expect(await endpoints.list()).toEqual([]);
  });

  it('send what the API documents, and nothing else', async () => {
    const { server, endpoints } = await grantiva();
    const { id } = await endpoints.create({ url, events: ['device.new', 'device.new'] });
    await endpoints.update(id, { isActive: false });
    await endpoints.list();
    await endpoints.delete(id);
    const root = '/api/v1/org/webhooks';
    expect(server.seen.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', root, JSON.stringify({ url, events: ['device.new'] })],
      ['PATCH', `${root}/${id}`, '{"isActive":false}'],
      ['GET', root, ''],
      ['DELETE', `${root}/${id}`, ''],
    ]);
    expect(server.seen.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json',
      'application/json',
      undefined,
      undefined,
    ]);
    for (const { headers } of server.seen) {
      expect(headers).toMatchObject({ authorization: `Bearer ${grantivaToken}`, accept: 'application/json' });
      expect(headers.cookie).toBeUndefined();
    }
  });

  it('send the cookie of a session in place of a token', async () => {
    const { server } = await grantiva();
    const endpoints = grantivaEndpoints({ baseUrl: server.baseUrl, cookie: grantivaCookie });
    await endpoints.list();
    expect(server.seen[0]?.headers).toMatchObject({ cookie: grantivaCookie });
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('keep the path prefix of baseUrl', async () => {
    const { server } = await grantiva();
    server.next(reply(200, []));
    await grantivaEndpoints({ baseUrl: new URL(`${server.baseUrl}/proxy/a/`), token: grantivaToken }).list();
    expect(server.seen[0]?.path).toBe('/proxy/a/api/v1/org/webhooks');
  });

  it('take a description that is null or absent, and fields that are new', async () => {
    const { server, endpoints } = await grantiva();
    server.add({ url, events, description: null });
    const { description: _, ...bare } = server.add({ url, events });
    server.next(reply(200, [{ ...server.rows[1], signingKeys: ['LEAK'], secret: 'LEAK' }, bare]));
    const listed = await endpoints.list();
    expect(listed.map(({ description }) => description)).toEqual([undefined, undefined]);
    expect(JSON.stringify(listed)).not.toContain('LEAK');
  });

  it.each(['../../users', '..', '.', '', 'a/b', 'a?b', 'a#b', 'a%2fb', 'a\\b', 'a b', 'a\n', 'ü', 'a'.repeat(201)])(
    'refuse the id %j before they send anything',
    async (id) => {
      const { server, endpoints } = await grantiva();
      const wrong = { code: 'invalid_options', message: expect.stringMatching(/^id is not an id/) };
      await expect(endpoints.delete(id)).rejects.toMatchObject(wrong);
      await expect(endpoints.update(id, { isActive: true })).rejects.toMatchObject(wrong);
      expect(server.seen).toEqual([]);
    },
  );

  it('refuse wrong arguments before they send anything', async () => {
    const { server, endpoints } = await grantiva();
    const wrong = (message: string) => ({ code: 'invalid_options', message: expect.stringContaining(message) });
    const { id } = server.add({ url, events });
    await expect(endpoints.update(id, {})).rejects.toMatchObject(wrong('nothing to change'));
    await expect(endpoints.update(id, { events: [] })).rejects.toMatchObject(wrong('events is not a list'));
    const misspelt: object = { isactive: true };
    await expect(endpoints.update(id, misspelt)).rejects.toMatchObject(
      wrong('isactive is not an option of update. Did you mean isActive?'),
    );
    const moved: object = { url };
    await expect(endpoints.update(id, moved)).rejects.toMatchObject(wrong('url cannot be changed'));
    await expect(endpoints.create({ url, events: [] })).rejects.toMatchObject(wrong('events is not a list'));
    await expect(endpoints.ensure({ url: 'example.com', events })).rejects.toMatchObject(wrong('url is not a URL'));
    const signal: object = new AbortController().signal;
    await expect(endpoints.list(signal)).rejects.toMatchObject(wrong('Wrap it: { signal }'));
    expect(server.seen).toEqual([]);
  });

  it('take https alone for an endpoint, also where Grantiva is on loopback', async () => {
    const { server, endpoints } = await grantiva();
    const wrong = { code: 'invalid_options', message: expect.stringMatching(/^url is not https/) };
    for (const local of ['http://localhost:3000/hooks', 'http://example.com/hooks']) {
      await expect(endpoints.create({ url: local, events })).rejects.toMatchObject(wrong);
      await expect(endpoints.ensure({ url: local, events })).rejects.toMatchObject(wrong);
    }
    expect(server.seen).toEqual([]);
  });

  it.each([
    [{}, 'Neither token nor cookie'],
    [{ token: 'gpat_1', cookie: 'a=b' }, 'Both token and cookie'],
  ])('need exactly one credential: %j', (given, message) => {
    const options: object = { baseUrl: 'https://grantiva.example', ...given };
    expect(() => grantivaEndpoints(options as GrantivaEndpointsOptions)).toThrow(message);
  });
});

describe('ensure at Grantiva', () => {
  it('creates an endpoint where none has the URL', async () => {
    const { server, endpoints } = await grantiva();
    server.add({ url: `${url}/other`, events });
    const result = await endpoints.ensure({ url, events });
    if (result.action !== 'created') return expect.unreachable(result.action);
    expect(result.endpoint.secret.reveal()).toBe(server.secrets[0]);
    expect(server.rows).toHaveLength(2);
  });

  it('changes nothing where one fits, with its events in another order', async () => {
    const { server, endpoints } = await grantiva();
    const { id } = server.add({ url, events, description: 'Mine' });
    const result = await endpoints.ensure({ url, events: [...events].reverse() });
    expect(result).toMatchObject({ action: 'unchanged', endpoint: { id, description: 'Mine' } });
    expect(server.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it.each([['https://EXAMPLE.com:443/hooks/grantiva'], ['https://example.com/hooks/x/../grantiva']])(
    'knows %s for the same URL',
    async (written) => {
      const { server, endpoints } = await grantiva();
      server.add({ url: written, events });
      server.add({ url: 'not a url', events });
      expect(await endpoints.ensure({ url, events })).toMatchObject({
        action: 'unchanged',
        endpoint: { url: written },
      });
    },
  );

  it.each([
    [{ events: ['device.new'] }, {}, ['events'], { events }],
    [{ isActive: false }, {}, ['isActive'], { isActive: true }],
    [{ description: 'Old' }, { description: 'New' }, ['description'], { description: 'New' }],
    [{ description: null }, { description: 'New' }, ['description'], { description: 'New' }],
    [
      { events: [...events, 'device_blocked'], isActive: false, description: 'Old' },
      { description: '' },
      ['events', 'isActive', 'description'],
      { events, isActive: true, description: '' },
    ],
  ])('updates what differs of %j', async (was, wanted, changed, sent) => {
    const { server, endpoints } = await grantiva();
    const { id } = server.add({ url, events, ...was });
    const other = server.add({ url: `${url}/other`, events: ['device_blocked'], isActive: false });
    const result = await endpoints.ensure({ url, events, ...wanted });
    expect(result).toMatchObject({ action: 'updated', changed, endpoint: { id, events, isActive: true } });
    expect(server.seen.map(({ method, body }) => [method, body])).toEqual([
      ['GET', ''],
      ['PATCH', JSON.stringify(sent)],
    ]);
    expect(server.rows[0]).toEqual(other);
  });

  it('takes the one that fits where several have the URL', async () => {
    const { server, endpoints } = await grantiva();
    const fitting = server.add({ url, events });
    server.add({ url, events: ['device_blocked'] });
    expect(await endpoints.ensure({ url, events })).toMatchObject({
      action: 'unchanged',
      endpoint: { id: fitting.id },
    });
  });

  it('updates the newest where several have the URL and none fits', async () => {
    const { server, endpoints } = await grantiva();
    const older = server.add({ url, events: ['device_blocked'] });
    const newest = server.add({ url, events: ['device.new'] });
    server.rows.reverse();
    const result = await endpoints.ensure({ url, events });
    expect(result).toMatchObject({ action: 'updated', changed: ['events'], endpoint: { id: newest.id } });
    expect(server.rows).toContainEqual(older);
  });

  it('leaves alone what others create, change and delete meanwhile', async () => {
    const { server, endpoints } = await grantiva();
    const { id } = server.add({ url, events, isActive: false });
    const theirs = server.add({ url: `${url}/theirs`, events });
    server.next((response, perform) => {
      const { body } = perform();
      response.end(JSON.stringify(body));
      server.rows.splice(server.rows.indexOf(theirs), 1);
      server.add({ url: `${url}/new`, events });
    });
    expect(await endpoints.ensure({ url, events })).toMatchObject({ action: 'updated', endpoint: { id } });
    expect(server.rows.map((row) => row.url)).toEqual([`${url}/new`, url]);
  });

  it('says not_found where the endpoint is deleted meanwhile, and creates it at the next call', async () => {
    const { server, endpoints } = await grantiva();
    server.add({ url, events, isActive: false });
    server.next((response, perform) => {
      response.end(JSON.stringify(perform().body));
      server.rows.length = 0;
    });
    expect(await errorOf(endpoints.ensure({ url, events }))).toMatchObject({ code: 'not_found', status: 404 });
    expect(await endpoints.ensure({ url, events })).toMatchObject({ action: 'created' });
  });

  it('does not create twice where the answer is lost, and finds the endpoint at the next call', async () => {
    const { server, endpoints } = await grantiva();
    server.next(reply(200, []), loseAnswer);
    const error = await errorOf(endpoints.ensure({ url, events }));
    expect(error).toMatchObject({ code: 'network_error', attempts: 1, fix: expect.stringContaining('list()') });
    expect(await endpoints.ensure({ url, events })).toMatchObject({ action: 'unchanged' });
    expect(server.rows).toHaveLength(1);
  });
});

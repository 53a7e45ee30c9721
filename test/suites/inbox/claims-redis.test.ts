import { setTimeout as pause } from 'node:timers/promises';
import { redisClaims } from '@hookproof/inbox/redis';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { stateOf, take } from './claims-taking.ts';
import { type Server, startRedis } from './servers.ts';

// What claims promise in every engine stands in claims.test.ts.

const server = await startRedis();
const clients: (Redis | Cluster)[] = [];
const servers: Server[] = [];
let prefixes = 0;

const newPrefix = () => `claims-${++prefixes}`;

type Options = Pick<RedisOptions, 'lazyConnect' | 'keyPrefix' | 'maxRetriesPerRequest'>;

function connect(options: Options = {}, { url }: { readonly url: string } = server ?? { url: '' }): Redis {
  const client = new Redis(url, { retryStrategy: () => 50, ...options });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

/** A Redis of the test's own, to do it harm. */
async function startOwn(args: readonly string[] = []): Promise<Server> {
  const own = await startRedis(args);
  if (own === undefined) throw new Error('redis-server was there a moment ago');
  servers.push(own);
  return own;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await Promise.all(servers.splice(0).map((own) => own.stop()));
});

afterAll(() => server?.stop());

describe.skipIf(server === undefined)('redisClaims', { timeout: 60_000 }, () => {
  it('are one key each below the prefix, which Redis forgets by itself', async () => {
    const client = connect();
    await (await take(redisClaims(client), 'evt_1')).done();
    expect(await client.get('hookproof-claims:evt_1')).toBe('done');
    const prefix = newPrefix();
    const claims = redisClaims(client, { prefix, retainMs: 1_000_000.5 });
    await take(claims, 'held', 10_000.5);
    await (await take(claims, 'handled')).done();
    await (await take(claims, 'released')).release();
    expect((await client.keys(`${prefix}*`)).toSorted()).toEqual([`${prefix}:handled`, `${prefix}:held`]);
    const [held, handled] = [await client.pttl(`${prefix}:held`), await client.pttl(`${prefix}:handled`)];
    expect(held).toBeGreaterThan(5_000);
    expect(held).toBeLessThanOrEqual(10_001);
    expect(handled).toBeGreaterThan(900_000);
    expect(handled).toBeLessThanOrEqual(1_000_001);
  });

  it('are kept for 30 days unless told otherwise', async () => {
    const client = connect();
    const prefix = newPrefix();
    await (await take(redisClaims(client, { prefix }), 'a')).done();
    const days = (await client.pttl(`${prefix}:a`)) / (24 * 60 * 60 * 1_000);
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);
  });

  it('work on a cluster, wherever a key belongs', async () => {
    const nodes = await Promise.all([startOwn(['--cluster-enabled', 'yes']), startOwn(['--cluster-enabled', 'yes'])]);
    const [first, second] = nodes.map((node) => connect({}, node));
    await first?.cluster('ADDSLOTSRANGE', 0, 8191);
    await second?.cluster('ADDSLOTSRANGE', 8192, 16383);
    await first?.cluster('MEET', '127.0.0.1', nodes[1].port);
    await vi.waitFor(
      async () => {
        for (const node of [first, second]) expect(await node?.cluster('INFO')).toMatch(/cluster_state:ok/);
      },
      { timeout: 20_000, interval: 50 },
    );
    const cluster = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    clients.push(cluster);
    const claims = redisClaims(cluster);
    const keys = Array.from({ length: 40 }, (_, index) => `evt_${index}`);
    for (const key of keys) {
      const claim = await take(claims, key);
      expect(await stateOf(claims, key)).toBe('busy');
      await claim.release();
      await (await take(claims, key)).done();
      expect(await stateOf(claims, key)).toBe('done');
    }
    const held = [await first?.dbsize(), await second?.dbsize()].map(Number);
    expect(Math.min(...held)).toBeGreaterThan(5);
    expect(Math.max(...held)).toBeLessThan(35);
  });

  it.each([
    ['that connects late', { lazyConnect: true }],
    ['with a prefix of its own', { keyPrefix: 'app:' }],
    ['that waits as BullMQ wants it', { maxRetriesPerRequest: null }],
  ])('take a client %s', async (_what, options) => {
    const claims = redisClaims(connect(options), { prefix: newPrefix() });
    const states = await Promise.all(Array.from({ length: 20 }, () => stateOf(claims, 'a')));
    expect(states.toSorted()).toEqual([...Array(19).fill('busy'), 'taken']);
  });

  it('take a client that gives replies as RESP3 has them', async () => {
    const client = new Redis(server?.url ?? '', { protocol: 3, replyMapping: 'resp3' });
    try {
      const claims = redisClaims(client, { prefix: newPrefix() });
      await (await take(claims, 'a')).done();
      expect(await stateOf(claims, 'a')).toBe('done');
    } finally {
      client.disconnect();
    }
  });

  it('listen to a client once, however many there are', async () => {
    const client = connect();
    const before = client.listenerCount('close');
    const taken = Array.from({ length: 20 }, () => take(redisClaims(client, { prefix: newPrefix() }), 'a'));
    // Until the first connection is there they wait for it together.
    expect(client.status).toBe('connecting');
    expect(client.listenerCount('close')).toBe(before + 1);
    await Promise.all(taken);
    expect(client.listenerCount('close')).toBe(before + 1);
  });

  it('while Redis is away claims are refused at once, and taken again when it is back', async () => {
    const own = await startOwn();
    const claims = redisClaims(connect({ maxRetriesPerRequest: null }, own));
    await (await take(claims, 'before')).done();
    const restarted = own.restart();
    await vi.waitFor(async () => {
      const begun = performance.now();
      const refused = claims.claim('while', 60_000);
      await expect(refused).rejects.toMatchObject({
        code: 'claims_unavailable',
        message: expect.stringMatching(/Is Redis running and in reach/),
      });
      expect(performance.now() - begun).toBeLessThan(1_000);
    });
    await restarted;
    await vi.waitFor(() => take(claims, 'after'), { timeout: 10_000 });
    expect(await stateOf(claims, 'before')).toBe('done');
    expect(await stateOf(claims, 'while')).toBe('taken');
  });

  it('what was handled while Redis was away is noted when it is back', async () => {
    const own = await startOwn();
    const client = connect({}, own);
    const claims = redisClaims(client);
    const [handled, failed] = [await take(claims, 'handled'), await take(claims, 'failed')];
    const restarted = own.restart();
    await vi.waitFor(() => expect(client.status).not.toBe('ready'), { interval: 5 });
    await Promise.all([handled.done(), failed.release(), restarted]);
    expect(await stateOf(claims, 'handled')).toBe('done');
    expect(await stateOf(claims, 'failed')).toBe('taken');
  });

  it('a claim whose answer was lost with the connection is held by nobody', async () => {
    const own = await startOwn();
    const client = connect({}, own);
    const claims = redisClaims(client);
    await take(claims, 'other');
    const admin = connect({}, own);
    const id = await client.client('ID');
    // Its question waits in Redis when the connection breaks: ioredis asks again over the next one.
    await admin.client('PAUSE', 10_000, 'WRITE');
    const claim = claims.claim('a', 60_000);
    await pause(50);
    await Promise.all([
      expect(claim).rejects.toMatchObject({ code: 'claims_unavailable' }),
      admin.client('KILL', 'ID', id),
    ]);
    await admin.client('UNPAUSE');
    await vi.waitFor(async () => expect(await stateOf(claims, 'a')).toBe('taken'), { timeout: 5_000 });
  });

  it('a claim that is asked for twice, because the first answer was lost, is taken', async () => {
    const client = connect();
    const claims = redisClaims(client, { prefix: newPrefix() });
    const ask = client.eval.bind(client);
    // As ioredis does when the connection breaks between the question and the answer.
    const twice = vi.spyOn(client, 'eval').mockImplementation(async (...args: Parameters<typeof ask>) => {
      await ask(...args);
      return ask(...args);
    });
    const claim = await take(claims, 'a');
    expect(await stateOf(claims, 'a')).toBe('busy');
    await claim.done();
    expect(await stateOf(claims, 'a')).toBe('done');
    expect(twice).toHaveBeenCalled();
  });

  it('a Redis that does not answer keeps nobody waiting for ever', async () => {
    const own = await startOwn();
    const claims = redisClaims(connect({}, own));
    const [handled, failed] = [await take(claims, 'a'), await take(claims, 'b')];
    await connect({}, own).client('PAUSE', 14_000, 'ALL');
    await Promise.all([
      expect(claims.claim('c', 60_000)).rejects.toMatchObject({
        code: 'claims_unavailable',
        message: expect.stringMatching(/^Redis has not answered for 5 s\./),
      }),
      expect(handled.done()).rejects.toMatchObject({
        code: 'claims_unavailable',
        message: 'The claims store has not answered for 10 s.',
      }),
      expect(failed.release()).rejects.toMatchObject({ code: 'claims_unavailable' }),
    ]);
    // What nobody waits for any more does not pile up either.
    const begun = performance.now();
    await expect(claims.claim('d', 60_000)).rejects.toMatchObject({ code: 'claims_unavailable' });
    expect(performance.now() - begun).toBeLessThan(500);
    await vi.waitFor(async () => expect(await stateOf(claims, 'c')).toBe('taken'), { timeout: 10_000 });
    expect(await stateOf(claims, 'a')).toBe('done');
  });

  it('a Redis that has no memory left refuses claims', async () => {
    const own = await startOwn();
    const client = connect({}, own);
    const claims = redisClaims(client);
    await client.config('SET', 'maxmemory', '1');
    await expect(claims.claim('a', 60_000)).rejects.toThrow(/OOM/);
    await client.config('SET', 'maxmemory', '0');
    expect(await stateOf(claims, 'a')).toBe('taken');
  });
});

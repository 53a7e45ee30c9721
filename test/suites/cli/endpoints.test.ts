import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Answer,
  grantexKey,
  grantexServer,
  grantivaCookie,
  grantivaServer,
  grantivaToken,
  loseAnswer,
  type ProviderServer,
  reply,
  usual,
  write,
} from '../endpoints/servers.ts';
import { shorten } from '../endpoints/shorten.ts';
import { hookproof } from './hookproof.ts';

let folder = '';
let closings: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookproof-cli-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(closings.map((close) => close()));
  closings = [];
  await rm(folder, { recursive: true });
});

function opened<S extends ProviderServer>(server: S): S {
  closings.push(server.close);
  return server;
}

const url = 'https://example.com/hooks';

describe('endpoints grantiva', () => {
  async function start() {
    const server = opened(await grantivaServer());
    const env = { GRANTIVA_URL: server.baseUrl, GRANTIVA_TOKEN: grantivaToken };
    const grantiva = (...argv: string[]) => hookproof(['endpoints', 'grantiva', ...argv], { env });
    return { server, grantiva };
  }

  it('list shows every endpoint, and with --json an object each', async () => {
    const { server, grantiva } = await start();
    server.add({ url, events: ['device.new'], description: 'first' });
    server.add({ url: `${url}/2`, events: ['device_blocked'], isActive: false });
    const { code, stdout } = await grantiva('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/example\.com\/hooks\/2 {2}\(off\)\n.*device_blocked.*example\.com\/hooks\n.*device\.new/s);
    const { records } = await grantiva('list', '--json');
    expect(records()).toEqual(server.rows.map((row) => expect.objectContaining({ id: row.id, events: row.events })));
  });

  it('create writes the secret to a file that only its owner can read, and nowhere else', async () => {
    const { server, grantiva } = await start();
    const path = join(folder, 'grantiva.secret');
    const more = ['--description', 'production', '--save-secret', path];
    const ended = await grantiva('create', '--url', url, '--events', 'device.new,device.high_risk', ...more);
    expect(ended).toMatchObject({ code: 0 });
    expect(server.rows).toMatchObject([{ url, events: ['device.new', 'device.high_risk'], description: 'production' }]);
    expect(await readFile(path, 'utf8')).toBe(server.secrets[0]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(ended.stdout + ended.stderr).not.toContain(server.secrets[0]);
    expect(ended.stdout + ended.stderr).not.toContain(grantivaToken);
  });

  it('create does nothing until it knows where the secret goes', async () => {
    const { server, grantiva } = await start();
    const ended = await grantiva('create', '--url', url, '--events', 'device.new');
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('--save-secret') });
    const nowhere = join(folder, 'no', 'such', 'folder');
    expect(await grantiva('create', '--url', url, '--events', 'device.new', '--save-secret', nowhere)).toMatchObject({
      code: 2,
    });
    expect(server.seen).toEqual([]);
  });

  it('create keeps what was in the file before', async () => {
    const { server, grantiva } = await start();
    const path = join(folder, 'grantiva.secret');
    await writeFile(path, 'the former');
    await grantiva('create', '--url', url, '--events', 'device.new', '--save-secret', path);
    expect(await readFile(`${path}.previous`, 'utf8')).toBe('the former');
    expect(await readFile(path, 'utf8')).toBe(server.secrets[0]);
    expect((await stat(`${path}.previous`)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).sort()).toEqual(['grantiva.secret', 'grantiva.secret.previous']);
  });

  it('create keeps what was in the file before nowhere that a link leads to', async () => {
    const { grantiva } = await start();
    const [path, elsewhere] = [join(folder, 'grantiva.secret'), join(folder, 'elsewhere')];
    await writeFile(path, 'the former');
    await writeFile(elsewhere, 'not ours');
    await symlink(elsewhere, `${path}.previous`);
    expect(await grantiva('create', '--url', url, '--events', 'device.new', '--save-secret', path)).toMatchObject({
      code: 0,
    });
    expect(await readFile(elsewhere, 'utf8')).toBe('not ours');
    expect(await readFile(`${path}.previous`, 'utf8')).toBe('the former');
  });

  it.each(['create', 'ensure'])('%s does nothing where the secret could not be written', async (action) => {
    const { server, grantiva } = await start();
    const save = (path: string) => grantiva(action, '--url', url, '--events', 'device.new', '--save-secret', path);
    const refused = (says: string) => ({ code: 2, stderr: expect.stringContaining(says) });
    expect(await save(folder)).toMatchObject(refused('is not a file'));
    expect(await save(join(folder, 'no', 'such'))).toMatchObject(refused('(ENOENT)'));
    const path = join(folder, 'secret');
    await symlink(join(folder, 'elsewhere'), `${path}.new`);
    expect(await save(path)).toMatchObject(refused('secret.new is there already'));
    expect(await readdir(folder)).toEqual(['secret.new']);
    expect(server.seen).toEqual([]);
  });

  it('a call that fails leaves no file behind, and what was there as it was', async () => {
    const { server, grantiva } = await start();
    const path = join(folder, 'secret');
    await writeFile(path, 'the former');
    server.next(reply(401, { reason: 'no' }));
    expect(await grantiva('create', '--url', url, '--events', 'device.new', '--save-secret', path)).toMatchObject({
      code: 3,
    });
    expect(await readdir(folder)).toEqual(['secret']);
    expect(await readFile(path, 'utf8')).toBe('the former');
  });

  it('a secret that cannot be written all the same is printed, and the exit code says so', async () => {
    const { server, grantiva } = await start();
    const path = join(folder, 'secret');
    server.next((response, perform) => {
      mkdirSync(path);
      write(response, perform());
    });
    const ended = await grantiva('create', '--url', url, '--events', 'device.new', '--save-secret', path);
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('could not be written') });
    expect(ended.stderr).toContain(server.secrets[0]);
    expect(await readdir(folder)).toEqual(['secret']);
  });

  it('warns of an event that is not known, and passes it on', async () => {
    const { server, grantiva } = await start();
    const warning = /not among the events known to Hookproof: device\.hi_risk\. Known are .*device\.high_risk/;
    const more = ['--events', 'device.new,device.hi_risk'];
    const created = await grantiva('create', '--url', url, ...more, '--print-secret');
    const ensured = await grantiva('ensure', '--url', url, ...more, '--print-secret');
    const updated = await grantiva('update', server.rows[0]?.id ?? '', ...more);
    for (const ended of [created, ensured, updated]) {
      expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(warning) });
    }
    expect(server.rows[0]?.events).toEqual(['device.new', 'device.hi_risk']);
    const known = await grantiva('ensure', '--url', url, '--events', 'device_blocked', '--print-secret');
    expect(known.stderr).not.toContain('known to Hookproof');
  });

  it('create --print-secret prints it once, also with --json', async () => {
    const { server, grantiva } = await start();
    const ended = await grantiva('create', '--url', url, '--events', 'device.new', '--print-secret');
    expect(ended.stdout.split(String(server.secrets[0]))).toHaveLength(2);
    const { records } = await grantiva('create', '--url', url, '--events', 'device.new', '--print-secret', '--json');
    expect(records()).toEqual([expect.objectContaining({ action: 'created', url, secret: server.secrets[1] })]);
  });

  it('ensure creates, leaves alone, and updates, and says what it did', async () => {
    const { server, grantiva } = await start();
    const path = join(folder, 'secret');
    const ensure = async (events: string) => {
      const argv = ['ensure', '--url', url, '--events', events, '--save-secret', path, '--json'];
      const { code, records } = await grantiva(...argv);
      return { code, ...records()[0] };
    };
    expect(await ensure('device.new')).toMatchObject({ code: 0, action: 'created', events: ['device.new'] });
    expect(await ensure('device.new')).toMatchObject({ code: 0, action: 'unchanged' });
    const updated = { code: 0, action: 'updated', changed: ['events'], events: ['device.new', 'device_blocked'] };
    expect(await ensure('device.new,device_blocked')).toMatchObject(updated);
    expect(await readFile(path, 'utf8')).toBe(server.secrets[0]);
    expect(server.rows).toHaveLength(1);
  });

  it('update turns an endpoint off and on', async () => {
    const { server, grantiva } = await start();
    const { id } = server.add({ url, events: ['device.new'] });
    expect(await grantiva('update', id, '--off')).toMatchObject({ code: 0, stdout: expect.stringContaining('(off)') });
    expect(server.rows[0]?.isActive).toBe(false);
    expect(await grantiva('update', id, '--on')).toMatchObject({ code: 0 });
    expect(server.rows[0]?.isActive).toBe(true);
    expect(await grantiva('update', id)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing to change'),
    });
    expect(await grantiva('update', id, '--on', '--off')).toMatchObject({ code: 2 });
  });

  it('delete asks, and needs --yes where nobody can be asked', async () => {
    const { server, grantiva } = await start();
    const { id } = server.add({ url, events: ['device.new'] });
    expect(await grantiva('delete', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    const env = { GRANTIVA_URL: server.baseUrl, GRANTIVA_TOKEN: grantivaToken };
    const answer = (input: string) =>
      hookproof(['endpoints', 'grantiva', 'delete', id], { env, input, isTerminal: true });
    expect(await answer('n\n')).toMatchObject({ code: 1 });
    expect(server.rows).toHaveLength(1);
    expect(await answer('y\n')).toMatchObject({ code: 0 });
    expect(server.rows).toHaveLength(0);
    expect(await grantiva('delete', id, '--yes')).toMatchObject({ code: 3 });
  });

  it('takes a session cookie instead of an API key', async () => {
    const server = opened(await grantivaServer());
    const argv = ['endpoints', 'grantiva', 'list'];
    const env = { GRANTIVA_URL: server.baseUrl };
    expect(await hookproof(argv, { env: { ...env, GRANTIVA_COOKIE: grantivaCookie } })).toMatchObject({ code: 0 });
    expect(await hookproof(argv, { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('GRANTIVA_TOKEN'),
    });
    expect(await hookproof(argv)).toMatchObject({ code: 2, stderr: expect.stringContaining('GRANTIVA_URL') });
  });

  it('an option for the credential beats the environment, and two alike are refused', async () => {
    const { baseUrl: GRANTIVA_URL, seen } = opened(await grantivaServer());
    const [cookieFile, tokenFile] = [join(folder, 'cookie'), join(folder, 'token')];
    await writeFile(cookieFile, grantivaCookie);
    await writeFile(tokenFile, grantivaToken);
    const list = (env: Record<string, string>, ...more: string[]) =>
      hookproof(['endpoints', 'grantiva', 'list', ...more], { env: { GRANTIVA_URL, ...env } });
    expect(await list({ GRANTIVA_TOKEN: 'gpat_other' }, '--cookie-file', cookieFile)).toMatchObject({ code: 0 });
    expect(await list({ GRANTIVA_COOKIE: 'other=1' }, '--token-file', tokenFile)).toMatchObject({ code: 0 });
    expect(seen.map(({ headers }) => headers.cookie ?? headers.authorization)).toEqual([
      grantivaCookie,
      `Bearer ${grantivaToken}`,
    ]);
    const both = { GRANTIVA_TOKEN: grantivaToken, GRANTIVA_COOKIE: grantivaCookie };
    const refused = (says: string) => ({ code: 2, stderr: expect.stringContaining(says) });
    expect(await list({}, '--cookie-file', cookieFile, '--token-file', tokenFile)).toMatchObject(
      refused('--cookie-file and --token-file were both given'),
    );
    expect(await list({}, '--cookie-file', cookieFile, '--token', grantivaToken)).toMatchObject(
      refused('--cookie-file and --token were both given'),
    );
    expect(await list(both)).toMatchObject(refused('GRANTIVA_TOKEN and GRANTIVA_COOKIE are both set'));
    expect(await list({ ...both, GRANTIVA_COOKIE: '' })).toMatchObject({ code: 0 });
    expect(await list(both, '--cookie-file', cookieFile)).toMatchObject({ code: 0 });
  });
});

describe('endpoints grantex', () => {
  async function start() {
    const server = opened(await grantexServer());
    const env = { GRANTEX_URL: server.baseUrl, GRANTEX_API_KEY: grantexKey };
    const grantex = (...argv: string[]) => hookproof(['endpoints', 'grantex', ...argv], { env });
    return { server, grantex };
  }

  it('create, list and delete', async () => {
    const { server, grantex } = await start();
    const created = await grantex('create', '--url', url, '--events', 'grant.revoked', '--print-secret');
    expect(created).toMatchObject({ code: 0, stdout: expect.stringContaining(String(server.secrets[0])) });
    const { records } = await grantex('list', '--json');
    expect(records()).toEqual([expect.objectContaining({ url, events: ['grant.revoked'] })]);
    expect(await grantex('delete', String(records()[0]?.['id']), '--yes')).toMatchObject({ code: 0 });
    expect(await grantex('list')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('no endpoints'),
    });
  });

  it('ensure refuses to change what Grantex cannot change, until --replace', async () => {
    const { server, grantex } = await start();
    const former = server.add({ url, events: ['grant.created'] });
    const ensure = ['ensure', '--url', url, '--events', 'grant.revoked', '--print-secret'];
    const refused = await grantex(...ensure);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('Give --replace for') });
    shorten(5_000);
    const { code, records } = await grantex(...ensure, '--replace', '--json');
    expect(code).toBe(0);
    expect(records()).toEqual([
      expect.objectContaining({ action: 'replaced', secret: server.secrets[0] }),
      { action: 'deleted', id: former.id },
    ]);
    expect(server.rows.map(({ id }) => id)).not.toContain(former.id);
  });

  it('ensure --replace tells the new secret even where the former endpoint cannot be deleted', async () => {
    const { server, grantex } = await start();
    const former = server.add({ url, events: ['grant.created'] });
    const forbidden = reply(401, { message: 'no', code: 'UNAUTHORIZED', requestId: 'req_9' });
    server.next(usual, usual, forbidden);
    shorten(5_000);
    const ended = await grantex('ensure', '--url', url, '--events', 'grant.revoked', '--print-secret', '--replace');
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining(`delete ${former.id}`) });
    expect(ended.stderr).toMatch(/still there: .*Check the API key \(GRANTEX_API_KEY, --api-key-file\)/);
    expect(ended.stdout).toContain(server.secrets[0]);
  });

  describe('an endpoint with deliveries that are pending', () => {
    const ensure = ['ensure', '--url', url, '--events', 'grant.revoked', '--replace'];

    async function startWith(count: number) {
      const { server, grantex } = await start();
      const { id } = server.add({ url, events: ['grant.created'] });
      for (let made = 0; made < count; made += 1) server.deliver('pending');
      const env = { GRANTEX_URL: server.baseUrl, GRANTEX_API_KEY: grantexKey };
      const answer = (input: string, ...argv: string[]) =>
        hookproof(['endpoints', 'grantex', ...argv], { env, input, isTerminal: true });
      const deliverAll: Answer = (...all) => {
        for (const [index, one] of server.deliveries.entries()) {
          server.deliveries[index] = { ...one, status: 'delivered' };
        }
        usual(...all);
      };
      return { server, grantex, answer, deliverAll, id };
    }

    it('is replaced when they are delivered; the secret is told before, and what is waited for meanwhile', async () => {
      const { server, grantex, id, deliverAll } = await startWith(8);
      const path = join(folder, 'grantex.secret');
      shorten(5_000);
      let savedThen = '';
      server.next(usual, usual, usual, (...all) => {
        savedThen = readFileSync(path, 'utf8');
        deliverAll(...all);
      });
      const { code, stdout, stderr } = await grantex(...ensure, '--save-secret', path);
      expect(code).toBe(0);
      expect(savedThen).toBe(server.secrets[0]);
      const order = [`is in ${path}`, `${id} is deleted when`, '8 deliveries are still pending', 'All delivered'];
      expect(order.map((text) => stderr.indexOf(text))).toEqual(order.map((text) => stderr.indexOf(text)).toSorted());
      for (const text of order) expect(stderr).toContain(text);
      expect(stdout).toContain(`Deleted ${id}.`);
    });

    it('is kept with exit code 1 where that takes too long, and the command that ends it is told', async () => {
      const { server, grantex, id, deliverAll } = await startWith(8);
      shorten(5_000);
      const { code, stderr } = await grantex(...ensure, '--print-secret', '--wait', '0');
      expect(code).toBe(1);
      expect(stderr).toContain(`${id} is still there: after 0 min, 8 deliveries are still pending for it.`);
      expect(stderr).toContain(`Delete it later: hookproof endpoints grantex delete ${id}`);
      expect(server.rows).toHaveLength(2);
      const again = await grantex(...ensure, '--print-secret');
      expect([again.code, again.stderr]).toEqual([0, expect.stringContaining(`Another endpoint has this URL: ${id}`)]);
      const kept = await grantex('delete', id, '--yes', '--wait', '0', '--json');
      expect([kept.code, kept.records()]).toEqual([1, [{ action: 'kept', id, pending: 8 }]]);
      server.next(usual, usual, deliverAll);
      expect(await grantex('delete', id, '--yes')).toMatchObject({ code: 0, stdout: `Deleted ${id}.\n` });
      expect(server.rows).toHaveLength(1);
    });

    it('is kept where its successor has no place for the secret, which is printed', async () => {
      const { server, grantex, id } = await startWith(0);
      const path = join(folder, 'secret');
      server.next(usual, (response, perform) => {
        mkdirSync(path);
        write(response, perform());
      });
      const { code, stderr } = await grantex(...ensure, '--save-secret', path);
      expect(code).toBe(3);
      expect(stderr).toContain(server.secrets[0]);
      expect(stderr).toContain(`The former endpoint, ${id}, is still there.`);
      expect(server.rows.map((row) => row.id)).toContain(id);
    });

    it('delete says how many there are, and asks', async () => {
      const { server, answer, grantex, id } = await startWith(8);
      const refused = await answer('n\n', 'delete', id);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(`Delete endpoint ${id}? 8 deliveries are pending for it, and waited for first`);
      const now = await answer('n\n', 'delete', id, '--now');
      expect(now).toMatchObject({ code: 1, stderr: expect.stringContaining('pending for it, and will be lost.') });
      expect(server.rows).toHaveLength(1);
      const lost = await grantex('delete', id, '--now', '--yes');
      expect(lost).toMatchObject({ code: 0, stderr: expect.stringContaining('8 deliveries are lost with it.') });
      expect(server.rows).toEqual([]);
    });

    it('Ctrl-C ends the wait, and nothing is deleted', async () => {
      const { server, id } = await startWith(8);
      const controller = new AbortController();
      const env = { GRANTEX_URL: server.baseUrl, GRANTEX_API_KEY: grantexKey };
      const look: Answer = (response, ...rest) => {
        response.on('finish', () => setImmediate(() => controller.abort('SIGINT')));
        usual(response, ...rest);
      };
      server.next(usual, look);
      const around = { env, signal: controller.signal };
      expect(await hookproof(['endpoints', 'grantex', 'delete', id, '--yes'], around)).toMatchObject({ code: 130 });
      expect(server.rows).toHaveLength(1);
    });
  });

  it('deliveries shows what became of them, as many as --limit says', async () => {
    const { server, grantex } = await start();
    const { id } = server.add({ url, events: ['grant.created'] });
    for (let index = 0; index < 130; index++) server.deliver(index % 2 ? 'failed' : 'delivered');
    const all = await grantex('deliveries', id, '--limit', '1000', '--json');
    expect(all.records()).toHaveLength(130);
    const failed = await grantex('deliveries', id, '--status', 'failed', '--limit', '3');
    expect(failed.stdout.trim().split('\n')).toHaveLength(3);
    expect(failed.stdout).toContain('HTTP 500');
    expect(failed.stderr).toContain('--limit');
    expect(await grantex('deliveries', 'wh_none')).toMatchObject({ code: 3, stderr: expect.stringContaining('404') });
  });

  it('what the provider says goes to the terminal without its control characters', async () => {
    const { server, grantex } = await start();
    server.next(
      reply(200, { webhooks: [{ id: 'wh_1', url: 'https://e.com/\u001b[2J', events: ['a\u202e'], createdAt: 'now' }] }),
      reply(400, { message: 'no \u001b[31mway', code: 'BAD_REQUEST', requestId: 'req_\u0007' }),
    );
    const good = await grantex('list');
    const bad = await grantex('list');
    expect(`${good.stdout}${bad.stderr}`).not.toMatch(/[^\P{C}\n]/u);
  });

  it('an API key on the command line works, with a warning that does not repeat it', async () => {
    const server = opened(await grantexServer());
    const argv = ['endpoints', 'grantex', 'list', '--base-url', server.baseUrl, '--api-key', grantexKey];
    const ended = await hookproof(argv);
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/Warning.*GRANTEX_API_KEY/) });
    expect(ended.stderr).not.toContain(grantexKey);
  });

  it('an error of the API is told with what to do, as JSON too', async () => {
    const server = opened(await grantexServer());
    const env = { GRANTEX_URL: server.baseUrl, GRANTEX_API_KEY: 'gx_wrong' };
    const ended = await hookproof(['endpoints', 'grantex', 'list', '--json'], { env });
    expect(ended.code).toBe(3);
    const { error } = JSON.parse(ended.stderr);
    expect(error).toMatchObject({
      code: 'unauthorized',
      status: 401,
      providerMessage: 'Invalid API key',
      requestId: 'req_1',
    });
    expect(ended.stderr).not.toContain('gx_wrong');
  });

  it('a create whose answer is lost is not repeated', async () => {
    const { server, grantex } = await start();
    server.next(loseAnswer);
    const ended = await grantex('create', '--url', url, '--events', 'grant.created', '--print-secret');
    const says =
      'The endpoint may exist now, and its secret is not told twice: look with hookproof endpoints grantex list,';
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining(says) });
    expect(server.rows).toHaveLength(1);
  });

  it('warns of an event that is not known', async () => {
    const { grantex } = await start();
    const { code, stderr } = await grantex('ensure', '--url', url, '--events', 'grant.create', '--print-secret');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/Hookproof: grant\.create\. Known are grant\.created,/)]);
  });

  it('without an API key names the ways to give it', async () => {
    const { code, stderr } = await hookproof(['endpoints', 'grantex', 'list']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/There is no API key\.\n.*GRANTEX_API_KEY.*--api-key-file/),
    ]);
  });
});

describe('what a provider has not is told with what there is instead', () => {
  it.each([
    [
      ['grantex', 'update', 'wh_2', '--off'],
      'Grantex cannot change an endpoint',
      'ensure --url … --events … --replace',
    ],
    [['gravv', 'list', '--json'], "Gravv's API does not manage endpoints", 'dashboard'],
  ])('%j', async (argv, problem, fix) => {
    const { code, stdout, stderr } = await hookproof(['endpoints', ...argv]);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(problem)]);
    expect(stderr).toContain(fix);
  });

  it('and help does not show it', async () => {
    const { stdout } = await hookproof(['endpoints', 'grantex', '--help']);
    expect(stdout).toContain('deliveries');
    expect(stdout).not.toMatch(/^ +update/m);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grantex, grantiva, gravv, type Provider } from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import { hookproof, program } from '../cli/hookproof.ts';
import { appWith } from './app.ts';
import {
  grantexService,
  grantivaService,
  gravvService,
  keys,
  type LossyProvider,
  secretOfServices,
} from './services.ts';

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close();
});

/** An app with its inbox in a file, and a provider that sends to it. */
async function scene(provider: Provider, service: (url: string) => Promise<LossyProvider>) {
  const folder = await mkdtemp(join(tmpdir(), 'hookproof-reconcile-'));
  closings.push(() => rm(folder, { recursive: true }));
  const store = join(folder, 'webhooks.db');
  const inbox = sqliteInbox({ path: store, pollMs: 50 });
  closings.push(() => inbox.close({ maxMs: 100 }));
  const app = await appWith(provider, secretOfServices, inbox);
  closings.push(app.close);
  const server = await service(app.url);
  closings.push(server.close);
  const name = provider.name.toUpperCase();
  const env = {
    [`${name}_URL`]: server.baseUrl,
    ...(provider.name === 'grantiva' ? { GRANTIVA_COOKIE: keys.grantiva } : {}),
    ...(provider.name === 'grantex' ? { GRANTEX_API_KEY: keys.grantex } : {}),
    ...(provider.name === 'gravv' ? { GRAVV_API_KEY: keys.gravv } : {}),
  };
  const reconcile = (...argv: readonly string[]) =>
    hookproof(['reconcile', provider.name, store, '--rate', '1000', ...argv], { env });
  const checkpoint = join(folder, 'state.jsonl');
  return { inbox, app, server, store, env, checkpoint, reconcile };
}

const until = () => Date.now() - 120_000;
const sorted = (marks: readonly string[]) => [...marks].sort();

it('a dry run lists what is missing, changes nothing, and ends with 1; --resend has it sent again, and then it is 0', async () => {
  const { inbox, app, server, reconcile } = await scene(gravv(), gravvService);
  await server.emit(120, 0.2, until());
  const lost = server.lost().length;
  const dry = await reconcile();
  expect([dry.code, dry.stdout.match(/^missing /gm)?.length]).toEqual([1, lost]);
  expect(dry.stdout).toContain(`  ${120 - lost} there, ${lost} missing\n`);
  expect(dry.stdout).toMatch(/^missing {2}\S+Z {2}transfer\.status\.completed {2}[\w-]{36} {2}(sent|failed)$/m);
  expect(dry.stderr).toBe(
    'Nothing was changed: --resend has Gravv send them again, --backfill takes them in from its log.\n',
  );
  expect(server.seen.every(({ method }) => method === 'GET')).toBe(true);

  const sent = await reconcile('--resend', '--json');
  expect([sent.code, sent.stderr]).toEqual([0, '']);
  const records = sent.records();
  expect(records.filter(({ kind }) => kind === 'recovered')).toHaveLength(lost);
  expect(records.at(-1)).toMatchObject({
    kind: 'summary',
    compared: 120,
    present: 120 - lost,
    recovered: lost,
    missing: 0,
  });
  await vi.waitFor(async () => expect(await inbox.counts()).toMatchObject({ handled: 120 }), 20_000);
  expect(sorted(app.handled)).toEqual(sorted(server.log.map(({ mark }) => mark)));
  expect(await reconcile()).toMatchObject({ code: 0, stderr: '' });
}, 60_000);

it('--backfill takes in from the log, and inbox show says so', async () => {
  const { inbox, server, store, env, reconcile } = await scene(gravv(), gravvService);
  await server.emit(20, 0.3, until());
  expect(await reconcile('--backfill')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no secret.'),
  });
  const wrong = await hookproof(['reconcile', 'gravv', store, '--rate', '1000', '--backfill'], {
    env: { ...env, HOOKPROOF_SECRET: 'another secret of another endpoint' },
  });
  expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('the signature does not fit') });
  const taken = await hookproof(['reconcile', 'gravv', store, '--rate', '1000', '--backfill', '--json'], {
    env: { ...env, HOOKPROOF_SECRET: secretOfServices },
  });
  expect(taken.code).toBe(0);
  await vi.waitFor(async () => expect(await inbox.counts()).toMatchObject({ handled: 20 }), 20_000);
  const [first] = taken.records();
  for await (const { id, key } of inbox.list()) {
    if (key !== first?.['eventId']) continue;
    expect((await hookproof(['inbox', 'show', store, id])).stdout).toMatch(/^ {2}hookproof-backfilled: \d{4}-\S+Z$/m);
    return;
  }
  expect.unreachable('it is in the inbox');
}, 60_000);

it('Grantiva sends again in the background, and Grantex not at all', async () => {
  const one = await scene(grantiva(), grantivaService);
  await one.server.emit(60, 0.3, until());
  expect(await one.reconcile('--resend')).toMatchObject({ code: 0, stdout: expect.stringContaining('recovered') });
  const two = await scene(grantex(), grantexService);
  await two.server.emit(60, 0.3, until());
  const { code, stdout, stderr } = await two.reconcile('--endpoint', 'wh_1');
  expect([code, stdout.match(/^missing /gm)?.length]).toEqual([1, two.server.lost().length]);
  expect(stderr).toContain('Grantex cannot send again.');
  expect(await two.reconcile('--resend')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("unknown option '--resend'"),
  });
}, 60_000);

it('a process that is killed in the middle goes on from its checkpoint, and all is handled once', async () => {
  const { inbox, app, server, store, env, checkpoint, reconcile } = await scene(gravv(), gravvService);
  await server.emit(400, 0.3, until());
  const argv = ['reconcile', 'gravv', store, '--rate', '1000', '--checkpoint', checkpoint, '--resend', '--json'];
  const child = spawn(process.execPath, [...program, ...argv], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  // The beginning and two pages are noted: it is in the third of four.
  await vi.waitFor(() => expect(readFileSync(checkpoint, 'utf8').split('\n').length).toBeGreaterThan(3), {
    timeout: 30_000,
    interval: 1,
  });
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
  const notedBefore = (await readFile(checkpoint, 'utf8')).split('\n').length;
  expect((await stat(checkpoint)).mode & 0o777).toBe(0o600);
  // As a kill in the middle of a line leaves it.
  await appendFile(checkpoint, '{"endpoint":"","pa');
  const pagesBefore = server.seen.filter(({ path }) => path.endsWith('/history')).length;

  const rest = await reconcile('--checkpoint', checkpoint, '--resend', '--json');
  expect([rest.code, rest.stderr]).toEqual([0, expect.stringContaining('Going on with the run from ')]);
  const pages = server.seen.filter(({ path }) => path.endsWith('/history')).slice(pagesBefore);
  expect(pages[0]?.query.get('page')).toBe(String(notedBefore - 1));
  expect(rest.records().at(-1)).toMatchObject({ kind: 'summary', compared: 400, missing: 0 });
  expect(existsSync(checkpoint)).toBe(false);
  await vi.waitFor(async () => expect(await inbox.counts()).toMatchObject({ handled: 400 }), 20_000);
  expect(sorted(app.handled)).toEqual(sorted(server.log.map(({ mark }) => mark)));
}, 90_000);

it('what was missing before a run was ended is looked for and listed again', async () => {
  const { server, checkpoint, reconcile, store, env } = await scene(grantex(), grantexService);
  await server.emit(250, 0.2, until());
  const controller = new AbortController();
  const argv = ['reconcile', 'grantex', store, '--rate', '1000', '--checkpoint', checkpoint, '--json'];
  let pages = 0;
  server.next(
    ...Array.from({ length: 4 }, () => async (response: Parameters<typeof answer>[0], perform: () => object) => {
      pages += 1;
      if (pages === 3) controller.abort('SIGINT');
      answer(response, perform());
    }),
  );
  const ended = await hookproof(argv, { env, signal: controller.signal });
  expect([ended.code, ended.stderr]).toEqual([130, expect.stringContaining('The same command goes on.')]);
  const before = ended.records().filter(({ kind }) => kind === 'missing');
  expect(before.length).toBeGreaterThan(0);
  const rest = await reconcile('--checkpoint', checkpoint, '--json');
  const missing = rest.records().filter(({ kind }) => kind === 'missing');
  expect(rest.code).toBe(1);
  const marks = new Map(server.log.map(({ eventId, mark }) => [eventId, mark]));
  expect(sorted(missing.map(({ eventId }) => marks.get(String(eventId)) ?? ''))).toEqual(sorted(server.lost()));
  expect(rest.records().at(-1)).toMatchObject({
    compared: 250,
    present: 250 - missing.length,
    missing: missing.length,
  });
}, 60_000);

function answer(response: import('node:http').ServerResponse, reply: object): void {
  const { status, body }: { status?: number; body?: unknown } = reply;
  response.writeHead(status ?? 500, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

it('a checkpoint of another run, or none, is refused before anything is asked for', async () => {
  const { server, checkpoint, reconcile } = await scene(gravv(), gravvService);
  const refused = async (content: string, says: string, ...more: readonly string[]) => {
    await writeFile(checkpoint, content);
    expect(await reconcile('--checkpoint', checkpoint, ...more)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(says),
    });
    expect(await readFile(checkpoint, 'utf8')).toBe(content);
  };
  await refused('a page of mine\n', 'is not a checkpoint of hookproof reconcile.');
  await refused('a page of mine', 'is not a checkpoint of hookproof reconcile.');
  const begin = {
    hookproof: 'reconcile',
    provider: 'gravv',
    receiver: 'gravv',
    since: '2026-01-01',
    until: '2026-01-02',
  };
  await refused(`${JSON.stringify({ ...begin, provider: 'grantex' })}\n`, 'is the checkpoint of another run');
  await refused(`${JSON.stringify(begin)}\n`, 'is the checkpoint of another run', '--name', 'payments');
  await refused(`${JSON.stringify(begin)}\n{"endpoint":5}\n`, 'is not a checkpoint');
  expect(server.seen).toEqual([]);
});

it('endpoints grantiva deliveries shows what became of each', async () => {
  const { server, env } = await scene(grantiva(), grantivaService);
  await server.emit(4, 0, until());
  const shown = await hookproof(['endpoints', 'grantiva', 'deliveries', 'ep_1', '--limit', '3'], { env });
  expect(shown).toMatchObject({ code: 0, stderr: '… and more: --limit 30\n' });
  expect(shown.stdout.match(/^\S+Z {2}device\.new {2}\S{36} {2}success {2}1 attempt {2}202$/gm)).toHaveLength(3);
});

it('on a terminal that is too narrow, the id of what is missing has a line of its own', async () => {
  const { server, store, env } = await scene(gravv(), gravvService);
  await server.emit(2, 1, until());
  const around = { env: { ...env, NO_COLOR: '1' }, isTerminal: true };
  const { stdout, stderr } = await hookproof(['reconcile', 'gravv', store, '--rate', '1000'], around);
  expect(
    stdout.match(/^missing {2}\S+Z {2}transfer\.status\.completed\n {2}[\w-]{36} {2}(sent|failed)$/gm),
  ).toHaveLength(2);
  expect(stderr).toContain('\r\u001b[K2 compared, 2 missing …');
});

it('what cannot be done says why, in the words of the command line', async () => {
  const { store, env } = await scene(gravv(), gravvService);
  const run = (more: object, ...argv: readonly string[]) =>
    hookproof(['reconcile', 'gravv', ...argv], { env: { ...env, ...more } });
  expect(await run({ GRAVV_API_KEY: '' }, store)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Set GRAVV_API_KEY'),
  });
  expect(await run({ GRAVV_API_KEY: 'wrong' }, store)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Check the API key (GRAVV_API_KEY, --api-key-file)'),
  });
  expect(await run({}, `${store}.none`)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('There is no file'),
  });
  expect(await run({}, store, '--since', '1d', '--until', '2d')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--since'),
  });
  expect(await hookproof(['reconcile', 'gravv'], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Which inbox?'),
  });
});

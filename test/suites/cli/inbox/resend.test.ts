import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { builtInProviders, createReceiver, gravv, type Provider, type WebhookEvent } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { sampleTypes, signedDelivery } from '@hookproof/testing';
import { simulateProvider } from '@hookproof/testing/simulator';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hookproof, hookproofProcess } from '../hookproof.ts';
import { newPath } from './stores.ts';

vi.setConfig({ testTimeout: 30_000 });

const secrets = new Map([
  ['production', `whsec_${Buffer.from('the secret of production, 32 b..').toString('base64')}`],
  ['local', `whsec_${Buffer.from('the secret of this machine, 32 b').toString('base64')}`],
]);
const secretOf = (where: string) => secrets.get(where) ?? '';

/** An app on this machine, with a receiver that has a secret of its own; what it was sent and what it handled. */
async function localApp(provider: Provider) {
  const handled: WebhookEvent[] = [];
  const arrived: string[] = [];
  const take = webhooks(provider, {
    secret: secretOf('local'),
    on: { '*': (event: WebhookEvent) => void handled.push(event) },
    onOutcome: ({ outcome }) => void arrived.push(outcome),
  });
  const server = createServer((request, response) => take(request, response, () => response.writeHead(404).end()));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/${provider.name}`;
  return { to, handled, arrived };
}

/** The inbox of production in a file, which has every sample of a provider as its sender sends it. */
async function stored(provider: Provider, receiverName?: string) {
  const path = newPath();
  const inbox = sqliteInbox({ path, work: false });
  onTestFinished(() => inbox.close());
  const receiver = createReceiver({
    provider,
    secret: secretOf('production'),
    inbox,
    receiverName,
    on: { '*': () => {} },
  });
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const { status, body: text } = await receiver.receive({ headers: request.headers, body });
    response.writeHead(status).end(text);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sender = simulateProvider(provider, { url, secret: secretOf('production') });
  await sender.sendAll(sampleTypes(provider), { concurrency: 1 });
  await sender.close();
  server.close();
  const ids: string[] = [];
  for await (const { id } of inbox.list()) ids.push(id);
  return { path, inbox, ids };
}

const env = { HOOKPROOF_SECRET: secretOf('local') };

describe('hookproof inbox resend', () => {
  it.each(Object.values(builtInProviders).map((make) => make()))(
    'signs every sample of $name anew: the app takes it, and knows it the second time',
    async (provider) => {
      const { path, inbox, ids } = await stored(provider);
      const { to, handled, arrived } = await localApp(provider);
      const before = await inbox.counts();
      for (const round of ['handled', 'duplicate']) {
        for (const id of ids) {
          const ended = await hookproof(['inbox', 'resend', path, id, '--to', to], { env });
          expect(ended).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(`"outcome":"${round}"`) });
        }
      }
      expect(ids).toHaveLength(sampleTypes(provider).length);
      expect(arrived).toEqual([...ids.map(() => 'handled'), ...ids.map(() => 'duplicate')]);
      expect(handled.map(({ type }) => type)).toEqual(sampleTypes(provider));
      expect(await inbox.counts()).toEqual(before);
    },
  );

  it('as a program, and with --json as objects', async () => {
    const { path, ids } = await stored(gravv());
    const { to } = await localApp(gravv());
    const argv = ['inbox', 'resend', path, ids[0] ?? '', '--to', to, '--json'];
    const { code, stdout, stderr } = await hookproofProcess(argv, env);
    expect([code, stderr]).toEqual([0, '']);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { kind: 'attempt', status: 200, isDelivered: true, url: to },
      { kind: 'summary', delivered: 1 },
    ]);
    expect(stdout).not.toContain(secretOf('local'));
  });

  it('a refusal ends with 1, and is told with where to look', async () => {
    const { path, ids } = await stored(gravv());
    const { to } = await localApp(gravv());
    const resend = (...argv: string[]) => hookproof(['inbox', 'resend', path, ids[0] ?? '', ...argv], { env });
    const wrong = { HOOKPROOF_SECRET: secretOf('production') };
    expect(await hookproof(['inbox', 'resend', path, ids[0] ?? '', '--to', to], { env: wrong })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('signature_mismatch'),
      stderr: expect.stringContaining('the same secret'),
    });
    expect(await resend('--to', `${to}/elsewhere`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is the path right'),
    });
    expect(await resend('--to', 'http://127.0.0.1:1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nothing listens'),
    });
  });

  it.each([
    ['http://example.com/hooks', 'is not this machine'],
    ['https://example.com/hooks', 'is not this machine'],
    ['http://localhost.example.com/', 'is not this machine'],
    ['http://127.0.0.1.example.com/', 'is not this machine'],
    ['http://169.254.169.254/', 'is not this machine'],
    ['http://localhost@example.com/', 'is not this machine'],
    ['http://0.0.0.0/', 'is not this machine'],
    ['ftp://localhost/', 'not a URL of http'],
    ['localhost:3000', 'not a URL of http'],
  ])('%s gets nothing', async (to, said) => {
    const { path, ids } = await stored(gravv());
    const { code, stderr } = await hookproof(['inbox', 'resend', path, ids[0] ?? '', '--to', to], { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  });

  it('to another machine it goes by https alone, and only with --remote', async () => {
    const { path, ids } = await stored(gravv());
    const argv = ['inbox', 'resend', path, ids[0] ?? '', '--remote', '--timeout', '5', '--to'];
    const plain = await hookproof([...argv, 'http://hookproof.invalid/'], { env });
    expect([plain.code, plain.stderr]).toEqual([2, expect.stringContaining('by https alone')]);
    const tried = await hookproof([...argv, 'https://hookproof.invalid/'], { env });
    expect([tried.code, tried.stdout]).toEqual([1, expect.stringContaining('0 of 1 delivered')]);
  });

  it('a receiver of another name needs the provider', async () => {
    const { path, ids } = await stored(gravv(), 'payments');
    const { to } = await localApp(gravv());
    const argv = ['inbox', 'resend', path, ids[0] ?? '', '--to', to];
    expect(await hookproof(argv, { env })).toMatchObject({ code: 2, stderr: expect.stringContaining('--provider') });
    expect((await hookproof([...argv, '--provider', 'gravv'], { env })).code).toBe(0);
  });

  it('sends nothing on that proves who sent it, or that a proxy added', async () => {
    const path = newPath();
    const inbox = sqliteInbox({ path, work: false, keepHeaders: ['authorization', 'cookie'] });
    onTestFinished(() => inbox.close());
    const secret = secretOf('production');
    const receiver = createReceiver({ provider: gravv(), secret, inbox, on: { '*': () => {} } });
    const headers = { authorization: 'Bearer token', cookie: 'a=b', 'x-forwarded-for': '10.0.0.1' };
    const signed = await signedDelivery(gravv(), { body: { event_type: 'a', event_data: {} }, headers }, { secret });
    await receiver.receive(signed);
    let id = '';
    for await (const one of inbox.list()) id = one.id;
    const seen: object[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect((await hookproof(['inbox', 'resend', path, id, '--to', to], { env })).code).toBe(0);
    expect(seen).toHaveLength(1);
    for (const name of Object.keys(headers)) expect(seen[0]).not.toHaveProperty(name);
  });
});

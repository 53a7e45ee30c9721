import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { builtInProviders, grantex, grantiva, gravv, type Provider, type WebhookEvent } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import { sampleTypes } from '@hookproof/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hookproof, hookproofProcess, program } from './hookproof.ts';

// A process of TypeScript takes a second to start where others run beside it.
vi.setConfig({ testTimeout: 30_000 });

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const secrets: Readonly<Record<string, string>> = {
  'standard-webhooks': `whsec_${Buffer.from('a secret for tests of 32 bytes..').toString('base64')}`,
};
const secretOf = ({ name }: Provider) => secrets[name] ?? 'a secret for tests';

/** A real app for a provider, and a way to send to it. */
async function app(provider: Provider, handler: (event: WebhookEvent) => unknown = () => {}) {
  const events: WebhookEvent[] = [];
  const take = webhooks(provider, {
    secret: secretOf(provider),
    on: {
      '*': async (event) => {
        events.push(event);
        await handler(event);
      },
    },
    onOutcome: () => {},
  });
  const url = `${await listen((request, response) => take(request, response, () => response.writeHead(404).end()))}/webhooks/${provider.name}`;
  const env = { HOOKPROOF_SECRET: secretOf(provider), HOOKPROOF_URL: url };
  const send = (...argv: string[]) => hookproof(['send', provider.name, ...argv], { env });
  return { events, url, env, send };
}

const providers = Object.values(builtInProviders).map((make) => make());

describe('send', () => {
  it.each(providers)('$name: samples of all types in turn are delivered and handled', async (provider) => {
    const { events, send } = await app(provider);
    const types = sampleTypes(provider);
    const { code, stdout } = await send('--count', String(types.length));
    expect(code).toBe(0);
    expect(events.map(({ type }) => type).sort()).toEqual([...types].sort());
    expect(stdout).toContain(`${types.length} of ${types.length} delivered`);
    expect(stdout).toContain('{"outcome":"handled"}');
  });

  it('--list lists the types of the samples', async () => {
    const { code, stdout } = await hookproof(['send', 'gravv', '--list']);
    expect([code, stdout.trim().split('\n')]).toEqual([0, sampleTypes(gravv())]);
  });

  it('without a type and a count, a sample of every type is sent', async () => {
    const { events, send } = await app(gravv());
    expect(await send()).toMatchObject({ code: 0 });
    expect(events.map(({ type }) => type).sort()).toEqual([...sampleTypes(gravv())].sort());
  });

  it('a mistake in an option is told under its name on the command line', async () => {
    const { send } = await app(gravv());
    expect(await send('--tamper', 'timestamp')).toMatchObject({ code: 2, stderr: expect.stringContaining('--tamper') });
    expect(await send('--signed-ago', '5')).toMatchObject({ code: 2, stderr: expect.stringContaining('--signed-ago') });
  });

  it('a reply that the real sender breaks on is told with what to answer instead', async () => {
    const url = await listen((_request, response) => response.writeHead(204).end());
    const env = { HOOKPROOF_SECRET: 'a secret for tests', HOOKPROOF_URL: url };
    const { code, stderr } = await hookproof(['send', 'grantex'], { env });
    expect([code, stderr]).toEqual([1, expect.stringContaining('answer 200')]);
  });

  it.each([
    [301, /leads elsewhere/],
    [400, /no JSON/],
    [401, /the same secret/],
    [402, /answers 402/],
    [403, /before the receiver/],
    [404, /is the path right/],
    [405, /no POST/],
    [408, /bodyTimeoutMs/],
    [409, /being handled right now/],
    [413, /maxBodyBytes/],
    [415, /Content-Encoding/],
    [422, /does not fit what gravv sends/],
    [429, /--rate/],
    [500, /its log has the error/],
    [501, /failed with 501/],
    [502, /A proxy/],
    [503, /handler_timeout/],
    [504, /A proxy/],
  ])('a reply of %i is told with where to look', async (status, said) => {
    const url = await listen((_request, response) => response.writeHead(status).end());
    const env = { HOOKPROOF_SECRET: 'a secret for tests', HOOKPROOF_URL: url };
    const { code, stderr } = await hookproof(['send', 'gravv', '--count', '2'], { env });
    expect([code, stderr]).toEqual([1, expect.stringMatching(said)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    const json = await hookproof(['send', 'gravv', '--json'], { env });
    expect(JSON.parse(json.stderr)).toEqual({ note: expect.stringMatching(said) });
    expect((await hookproof(['send', 'gravv', '--expect', String(status)], { env })).stderr).toBe('');
  });

  it('replies of several kinds are told each', async () => {
    let count = 0;
    const url = await listen((_request, response) => response.writeHead([422, 500][count++ % 2] ?? 500).end());
    const env = { HOOKPROOF_SECRET: 'a secret for tests', HOOKPROOF_URL: url };
    const { stderr } = await hookproof(['send', 'gravv', '--count', '4'], { env });
    expect(stderr).toMatch(/^The event does not fit.*\nThe app failed.*\n$/);
  });

  it("--data is put into the provider's envelope", async () => {
    const { events, send } = await app(grantiva());
    expect(await send('device.high_risk', '--data', '{"device_id":"dev_7","risk_score":91}')).toMatchObject({
      code: 0,
    });
    expect(events).toMatchObject([{ type: 'device.high_risk', data: { device_id: 'dev_7', risk_score: 91 } }]);
    expect(await send('--data', '{}')).toMatchObject({ code: 2, stderr: expect.stringContaining('type') });
    expect(await send('device.new', '--data', '{')).toMatchObject({ code: 2, stderr: expect.stringContaining('JSON') });
  });

  it('--file is sent byte for byte, from standard input too', async () => {
    const bodies: string[] = [];
    const url = await listen(async (request, response) => {
      bodies.push((await buffer(request)).toString('latin1'));
      response.end();
    });
    const folder = await mkdtemp(join(tmpdir(), 'hookproof-send-'));
    const body = Buffer.from('{ "event" :\t"device.new" }\r\n\xff', 'latin1');
    await writeFile(join(folder, 'body.json'), body);
    const env = { HOOKPROOF_SECRET: 'a secret for tests', HOOKPROOF_URL: url };
    await hookproof(['send', 'grantiva', 'device.new', '--file', join(folder, 'body.json')], { env });
    await hookproof(['send', 'grantiva', 'device.new', '--file', '-'], { env, input: body });
    await rm(folder, { recursive: true });
    expect(bodies).toEqual([body.toString('latin1'), body.toString('latin1')]);
    expect(await hookproof(['send', 'grantiva', '--file', join(folder, 'gone')], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ENOENT'),
    });
  });

  it.each([
    ['--wrong-secret', 'signature_mismatch', 401],
    ['--without-signature', 'missing_signature', 401],
    ['--tamper body', 'signature_mismatch', 401],
    ['--tamper signature', 'signature_mismatch', 401],
    ['--tamper timestamp', 'signature_mismatch', 401],
    ['--signed-ago 3600', 'stale_delivery', 401],
  ])('%s is refused, as %s', async (fault, outcome, status) => {
    const { events, send } = await app(grantex());
    const refused = await send('grant.revoked', '--signature', 'v2', ...fault.split(' '));
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining(outcome) });
    expect(await send('grant.revoked', ...fault.split(' '), '--expect', String(status))).toMatchObject({ code: 0 });
    expect(events).toEqual([]);
  });

  it('--copies are handled once', async () => {
    const { events, send } = await app(gravv());
    const { code, stdout } = await send('inflow.completed', '--copies', '5');
    expect(code).toBe(0);
    expect(stdout).toContain('5 requests');
    expect(events).toHaveLength(1);
  });

  it('--retries fast tries again until the handler recovers, and none does not', async () => {
    let failures = 2;
    const { events, send } = await app(grantex(), () => {
      if (failures-- > 0) throw new Error('down');
    });
    const ended = await send('grant.created', '--retries', 'fast', '--json');
    expect(ended.code).toBe(0);
    expect(ended.records()).toMatchObject([
      { kind: 'attempt', attempt: 1, status: 500, isDelivered: false, nextDelayMs: 30_000 },
      { kind: 'attempt', attempt: 2, status: 500, isDelivered: false, nextDelayMs: 60_000 },
      { kind: 'attempt', attempt: 3, status: 200, isDelivered: true },
      { kind: 'summary', deliveries: 1, delivered: 1, requests: 3, results: { '200': 1, '500': 2 } },
    ]);
    failures = 1;
    expect(await send('grant.created')).toMatchObject({ code: 1, stdout: expect.stringContaining('0 of 1 delivered') });
    expect(events).toHaveLength(4);
  });

  it('--faulty-attempts lets a retry succeed', async () => {
    const { events, send } = await app(grantiva());
    const ended = await send('device.new', '--wrong-secret', '--faulty-attempts', '1', '--retries', 'fast');
    expect(ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/401.*attempt 2.*2 requests: 1 × 200, 1 × 401/s),
    });
    expect(events).toHaveLength(1);
  });

  it('says what to look at where everything failed alike', async () => {
    const { url, send } = await app(gravv());
    const refused = await hookproof(['send', 'gravv', '--url', url], { env: { HOOKPROOF_SECRET: 'another secret' } });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('the same secret') });
    // What was to be refused, and the summary alone, need no advice.
    expect(await send('--wrong-secret')).toMatchObject({ code: 1, stderr: '' });
    expect(await send('--quiet', '--url', new URL('/nothing', url).href)).toMatchObject({ code: 1, stderr: '' });
    expect(await send('--url', new URL('/nothing', url).href)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nothing'),
    });
    const [server] = servers.splice(0);
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    expect(await send()).toMatchObject({ code: 1, stderr: expect.stringContaining('start your app') });
  });

  it('a reply from outside goes to the terminal without its control characters', async () => {
    const url = await listen((_request, response) => response.writeHead(500).end('\u001b[2J\u009b31m\u202e'));
    const env = { HOOKPROOF_SECRET: 'a secret for tests', HOOKPROOF_URL: url };
    const { stdout } = await hookproof(['send', 'gravv'], { env });
    expect(stdout).toContain('\\u{1b}[2J');
    expect(stdout).not.toMatch(/[^\P{C}\n]/u);
  });

  it('the secret is never shown, and one on the command line is warned of', async () => {
    const { env, send } = await app(grantex());
    const outputs = [await send('--json'), await send('--wrong-secret'), await send('--secret', env.HOOKPROOF_SECRET)];
    expect(outputs.map(({ code }) => code)).toEqual([0, 1, 0]);
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(env.HOOKPROOF_SECRET);
    expect(outputs[2]?.stderr).toMatch(/Warning: --secret.*HOOKPROOF_SECRET/);
  });

  it('what is wrong with the command line is told before anything is sent', async () => {
    const { events, send } = await app(grantiva());
    const wrong = [
      ['--count', '0'],
      ['--rate', '-1'],
      ['--tamper', 'header'],
      ['--tamper', 'timestamp'],
      ['--signature', 'v2'],
      ['--url', 'ftp://localhost'],
      ['--secret-file', '/no/such/file'],
      ['--no-such-option'],
      ['device.unheard_of'],
      ['device.new', 'too many'],
    ];
    for (const argv of wrong) {
      const ended = await send(...argv);
      expect([argv, ended.code, ended.stderr]).toEqual([argv, 2, expect.stringMatching(/^Error: \S/)]);
    }
    expect(await hookproof(['send', 'grantiva'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('HOOKPROOF_SECRET'),
    });
    expect(events).toEqual([]);
  });

  it('a provider of your own comes from a module', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hookproof-send-'));
    const core = new URL('../../../packages/core/src/index.ts', import.meta.url).href;
    await writeFile(
      join(folder, 'acme.mjs'),
      `import { defineProvider } from ${JSON.stringify(core)};
       export default () => defineProvider({
         name: 'acme', signature: { header: 'x-acme', encoding: 'hex' }, envelope: { type: 'type', data: 'data' },
       });`,
    );
    await writeFile(join(folder, 'nothing.mjs'), 'export default 1;');
    const seen: IncomingMessage['headers'][] = [];
    const url = await listen((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    const env = { HOOKPROOF_SECRET: 'a secret for tests', HOOKPROOF_URL: url };
    const send = (module: string) =>
      hookproof(['send', join(folder, module), 'invoice.paid', '--data', '{"invoice":"1"}'], { env });
    expect(await send('acme.mjs')).toMatchObject({ code: 0 });
    expect(seen).toMatchObject([{ 'x-acme': expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(await send('nothing.mjs')).toMatchObject({ code: 2, stderr: expect.stringContaining('default export') });
    expect(await send('gone.mjs')).toMatchObject({ code: 2, stderr: expect.stringContaining('gone.mjs') });
    await rm(folder, { recursive: true });
  });

  it('the program itself ends with the exit code, and a long run shows a bar on a terminal alone', async () => {
    const { env } = await app(grantex());
    expect(await hookproofProcess(['send', 'grantex', '--quiet'], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await hookproofProcess(['send', 'grantex', '--wrong-secret'], env)).toMatchObject({ code: 1 });
    const long = await hookproof(['send', 'grantex', '--count', '200'], { env, isTerminal: true });
    expect(long.stderr).toContain('200/200 deliveries');
    expect(long.stdout.trim().split('\n')).toHaveLength(1);
    const piped = await hookproof(['send', 'grantex', '--count', '200'], { env });
    expect(piped.stdout.trim().split('\n')).toHaveLength(201);
  });

  it('an option that is refused on a terminal leaves no bar behind', async () => {
    const { env } = await app(gravv());
    const argv = ['send', 'gravv', '--count', '50', '--tamper', 'timestamp'];
    const { code, stderr } = await hookproof(argv, { env, isTerminal: true });
    expect([code, stderr]).toEqual([2, expect.not.stringContaining('deliveries')]);
  });

  it('--quiet prints the summary alone', async () => {
    const { send } = await app(gravv());
    const { stdout, stderr } = await send('--count', '3', '--quiet');
    expect([stdout.trim().split('\n').length, stderr]).toEqual([1, '']);
    expect((await send('--count', '3', '--quiet', '--json')).records()).toHaveLength(1);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s begins nothing more, tells what was done, and ends with %i', async (signal, expected) => {
    let arrived = () => {};
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { env } = await app(gravv(), () => arrived());
    const child = spawn(process.execPath, [...program, 'send', 'gravv', '--count', '1000', '--rate', '5'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const output = buffer(child.stdout);
    const ended = once(child, 'exit');
    await first;
    child.kill(signal);
    expect(await ended).toEqual([expected, null]);
    expect((await output).toString()).toMatch(/of 1000 delivered.*stopped/);
  });

  it('whoever stops reading ends it quietly', async () => {
    const { env } = await app(gravv());
    const command = `"${process.execPath}" ${program.map((word) => `"${word}"`).join(' ')} send gravv --count 5000 | head -n 1`;
    const { stderr } = await new Promise<{ stderr: string }>((resolve) => {
      execFile('sh', ['-c', command], { env: { ...process.env, ...env } }, (_error, _stdout, stderr) =>
        resolve({ stderr }),
      );
    });
    expect(stderr).toBe('');
  });
});

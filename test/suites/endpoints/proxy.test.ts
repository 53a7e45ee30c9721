import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grantexEndpoints } from '@hookproof/endpoints';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { hookproof, hookproofProcess } from '../cli/hookproof.ts';
import { closeAfterEach, ownFolder } from '../closing.ts';
import { hasOpenssl } from '../self-signed.ts';
import { type ConnectProxy, connectProxy, hiddenHost } from './connect-proxy.ts';
import { grantexKey, grantexServer, grantivaServer, grantivaToken } from './servers.ts';

// Each process of the command line compiles it anew, and what cannot be reached is tried four times.
vi.setConfig({ testTimeout: 60_000 });

const open = closeAfterEach();
const list = ['endpoints', 'grantex', 'list', '--json'];

let server: Awaited<ReturnType<typeof grantexServer>>;
let proxy: ConnectProxy;

async function startProxy(baseUrl: string) {
  proxy = await connectProxy(baseUrl);
  open.push(proxy.close);
  const path = join(ownFolder(open, 'hookproof-proxy-'), 'cert.pem');
  writeFileSync(path, proxy.cert);
  return { NODE_EXTRA_CA_CERTS: path, NO_PROXY: '', no_proxy: '' };
}

describe.skipIf(!hasOpenssl)('a proxy', () => {
  let env: Readonly<Record<string, string>>;

  beforeEach(async () => {
    server = await grantexServer();
    open.push(server.close);
    server.add({ url: 'https://example.com/hooks', events: ['grant.created'] });
    const more = await startProxy(server.baseUrl);
    env = { ...more, GRANTEX_URL: `https://${hiddenHost}`, GRANTEX_API_KEY: grantexKey };
  });

  it('of the environment is used by the recipe for Node that docs/endpoints.md has', async () => {
    const httpsProxy = `http://127.0.0.1:${proxy.port}`;
    const dispatcher = new EnvHttpProxyAgent({ httpsProxy, noProxy: '', requestTls: { ca: proxy.cert } });
    const endpoints = grantexEndpoints({
      apiKey: grantexKey,
      baseUrl: `https://${hiddenHost}`,
      fetch: (url, init) => fetch(url, { ...init, dispatcher }),
    });
    expect(await endpoints.list()).toHaveLength(1);
    expect(proxy.tunnels).toMatchObject([{ target: 'grantex.test:443' }]);
    await dispatcher.close();
  });

  it.each([
    ['HTTPS_PROXY', (port: number) => `http://127.0.0.1:${port}`],
    ['https_proxy', (port: number) => `http://127.0.0.1:${port}/`],
    ['https_proxy', (port: number) => `127.0.0.1:${port}`],
  ])('in %s is used by the command line', async (name, address) => {
    const { code, stdout } = await hookproofProcess(list, { ...env, [name]: address(proxy.port) });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { id: 'wh_00000001' }]);
    expect(proxy.tunnels).toMatchObject([{ target: 'grantex.test:443', authorization: undefined }]);
    // End to end, so that the proxy saw none of it.
    expect(server.seen).toMatchObject([{ headers: { authorization: `Bearer ${grantexKey}` } }]);
  });

  it('is told its own password, and it is shown nowhere', async () => {
    const HTTPS_PROXY = `http://user:s3cret-word@127.0.0.1:${proxy.port}`;
    expect(await hookproofProcess(list, { ...env, HTTPS_PROXY })).toMatchObject({ code: 0 });
    expect(proxy.tunnels).toMatchObject([{ authorization: `Basic ${btoa('user:s3cret-word')}` }]);
    const socks = { ...env, HTTPS_PROXY: 'socks5://user:s3cret-word@127.0.0.1:1' };
    const wrong = await hookproof(list, { env: socks });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('HTTPS_PROXY is not the address of a proxy.'),
    });
    const elsewhere = { ...env, HTTPS_PROXY, GRANTEX_URL: 'https://elsewhere.test' };
    const refused = await hookproof(list, { env: elsewhere });
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('network_error') });
    for (const { stdout, stderr } of [wrong, refused]) expect(stdout + stderr).not.toContain('s3cret');
  });

  it('that opens no tunnel is told as what it is, and nothing was created', async () => {
    const around = { ...env, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, GRANTEX_URL: 'https://elsewhere.test' };
    const wanted = ['--url', 'https://example.com/hooks', '--events', 'grant.created', '--print-secret'];
    const { code, stderr } = await hookproof(['endpoints', 'grantex', 'create', ...wanted], { env: around });
    expect(code).toBe(3);
    expect(stderr).toContain('The proxy answered 403. Check HTTPS_PROXY');
    expect(stderr).not.toContain('may exist');
    expect(proxy.tunnels).toMatchObject([{ target: 'elsewhere.test:443' }]);
  });

  it('is not used for a host in NO_PROXY', async () => {
    const HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
    const around = { ...env, HTTPS_PROXY, NO_PROXY: `localhost,${hiddenHost}` };
    const { code, stderr } = await hookproof(list, { env: around });
    expect([code, stderr]).toEqual([3, expect.stringContaining('network_error')]);
    expect(proxy.tunnels).toEqual([]);
  });

  it('gets nothing that is for loopback', async () => {
    const address = `http://127.0.0.1:${proxy.port}`;
    const around = { ...env, HTTPS_PROXY: address, HTTP_PROXY: address, GRANTEX_URL: server.baseUrl };
    expect(await hookproof(list, { env: around })).toMatchObject({ code: 0 });
    expect(proxy.tunnels).toEqual([]);
    expect(server.seen).toHaveLength(1);
  });

  it('is used for Grantiva too', async () => {
    const grantiva = await grantivaServer();
    open.push(grantiva.close);
    const more = await startProxy(grantiva.baseUrl);
    const around = { ...more, GRANTIVA_URL: `https://${hiddenHost}`, GRANTIVA_TOKEN: grantivaToken };
    const HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
    expect(await hookproofProcess(['endpoints', 'grantiva', 'list'], { ...around, HTTPS_PROXY })).toMatchObject({
      code: 0,
    });
    expect(proxy.tunnels).toHaveLength(1);
  });
});

import type { Fetch } from '@hookproof/endpoints';
import { usage } from './failure.ts';
import type { Terminal } from './terminal.ts';

/**
 * A `fetch` that goes through the proxy that HTTPS_PROXY names, but for the hosts in NO_PROXY; undefined where there is none.
 * Node's own looks at them only where it is told to, and that of Node 20 not at all.
 */
export async function fetchThroughProxy({ env }: Pick<Terminal, 'env'>): Promise<Fetch | undefined> {
  // Small letters first, as curl does.
  const value = (name: string) => env[name.toLowerCase()] || env[name] || '';
  const httpsProxy = proxyIn('HTTPS_PROXY', value('HTTPS_PROXY'));
  if (httpsProxy === undefined) return undefined;
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  // What is not https is on loopback, and a credential that goes there must not go to a proxy.
  const dispatcher = new EnvHttpProxyAgent({ httpsProxy, httpProxy: '', noProxy: value('NO_PROXY') });
  return (url, init) =>
    fetch(url, { ...init, dispatcher }).catch((thrown: unknown) => {
      throw noTunnel(thrown) ?? thrown;
    });
}

/** What undici says where the proxy opens no tunnel, under the code that Bun has for it. */
function noTunnel(thrown: unknown): Error | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const status = /^Proxy response \((\d+)\)/.exec(thrown.message)?.[1];
  if (status === undefined) return noTunnel(thrown.cause);
  return Object.assign(new Error(`The proxy answered ${status}.`), { code: 'ERR_PROXY_TUNNEL' });
}

function proxyIn(name: string, given: string): string | undefined {
  if (given === '') return undefined;
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  // It may hold a password, so it is not repeated.
  if (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)) return url;
  throw usage(`${name} is not the address of a proxy.`, 'Set it to http://host:port, or unset it.');
}

import { inspect } from 'node:util';
import { EndpointError, type Fetch, grantexEndpoints, grantivaEndpoints } from '@hookproof/endpoints';
import { describe, expect, it, vi } from 'vitest';
import { errorOf, grantex, grantiva } from './clients.ts';
import { grantexKey, grantivaCookie, grantivaToken, reply } from './servers.ts';

const url = 'https://example.com/hooks';
const events = ['grant.created'];

/** All ways in which a value gets into a log. */
function logged(value: unknown): string {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...all: unknown[]) => {
    lines.push(all.map((one) => inspect(one, { depth: 20 })).join(' '));
  });
  console.log(value, [value], { value }, `${value}`);
  log.mockRestore();
  const all = { depth: 20, showHidden: true, getters: true };
  lines.push(inspect(value, all), inspect({ ...Object(value) }, all), JSON.stringify([value]) ?? '');
  if (value instanceof Error) lines.push(value.message, value.stack ?? '', inspect(value.cause, all));
  return lines.join('\n');
}

describe('a signing secret is in no log of', () => {
  it('what create and ensure return', async () => {
    const one = await grantiva();
    const two = await grantex();
    const results = [
      await one.endpoints.create({ url, events }),
      await one.endpoints.ensure({ url: `${url}/1`, events }),
      await two.endpoints.create({ url, events }),
      await two.endpoints.ensure({ url: `${url}/1`, events }),
      await two.endpoints.ensure({ url, events: ['token.issued'], replace: true, pollMs: 1 }),
    ];
    const secrets = [...one.server.secrets, ...two.server.secrets];
    expect(secrets).toHaveLength(5);
    for (const result of results) {
      const text = logged(result);
      expect(text).toContain('[secret]');
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });

  it('the secret itself, though reveal returns it', async () => {
    const { server, endpoints } = await grantex();
    const { secret } = await endpoints.create({ url, events });
    expect(secret.reveal()).toBe(server.secrets[0]);
    expect([String(secret), JSON.stringify(secret), inspect(secret), `${secret}`]).toEqual([
      '[secret]',
      '"[secret]"',
      '[secret]',
      '[secret]',
    ]);
    expect(Reflect.ownKeys(secret)).toEqual([]);
    expect(logged(structuredClone({ ...secret }))).not.toContain(server.secrets[0]);
  });
});

describe('a credential is in no log of', () => {
  it('a client', () => {
    const clients = [
      grantivaEndpoints({ baseUrl: 'https://grantiva.example', token: grantivaToken }),
      grantivaEndpoints({ baseUrl: 'https://grantiva.example', cookie: grantivaCookie }),
      grantexEndpoints({ apiKey: grantexKey }),
    ];
    const text = clients.map(logged).join('\n');
    for (const secret of [grantivaToken, grantivaCookie, grantexKey, '0123456789']) expect(text).not.toContain(secret);
  });

  it('an error, whatever the provider repeats', async () => {
    const { server, endpoints } = await grantex({ maxAttempts: 1 });
    for (const status of [200, 302, 400, 401, 403, 404, 429, 500]) {
      const words = `Authorization: Bearer ${grantexKey}`;
      server.next(
        reply(
          status,
          { message: words, code: grantexKey, requestId: words, webhooks: words, [grantexKey]: 1 },
          {
            location: `https://example.com/${grantexKey}`,
            'retry-after': grantexKey,
          },
        ),
      );
      expect(logged(await errorOf(endpoints.list()))).not.toContain(grantexKey);
    }
  });

  it('an error of a fetch that carries its request', async () => {
    const failing: Fetch = async (url, init) => {
      const inner = Object.assign(new Error(`sent ${init.headers['authorization']}`), { code: 'E_OWN', init });
      throw Object.assign(new TypeError(`failed: ${JSON.stringify(init)} ${url}`, { cause: inner }), { config: init });
    };
    const error = await errorOf(grantexEndpoints({ apiKey: grantexKey, fetch: failing, maxAttempts: 1 }).list());
    expect(error).toMatchObject({ code: 'network_error', cause: { name: 'TypeError', code: 'E_OWN' } });
    expect(logged(error)).not.toContain(grantexKey);
  });

  it('an error of wrong options', () => {
    const wrong = [
      { apiKey: `${grantexKey}\n` },
      { apiKey: ` ${grantexKey}` },
      { apiKey: `Bearer ${grantexKey}` },
      { apiKey: `${grantexKey}ü` },
      { apiKey: grantexKey, baseUrl: `https://user:${grantexKey}@api.example.com` },
      { apiKey: grantexKey, baseUrl: `https://api.example.com?key=${grantexKey}` },
      { apiKey: grantexKey, baseUrl: `http://${grantexKey}.example.com` },
    ];
    for (const options of wrong) {
      try {
        grantexEndpoints(options);
        expect.unreachable('options were taken');
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_options' });
        expect(logged(error)).not.toContain(grantexKey);
      }
    }
  });
});

it('an EndpointError says in its message what to do', () => {
  const error = new EndpointError('conflict', 'Something stands against this.', { fix: 'Call again.', attempts: 1 });
  expect(error.message).toBe('Something stands against this. Call again.');
  expect(Object.hasOwn(error, 'cause')).toBe(false);
});

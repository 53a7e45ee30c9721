import { afterEach, expect, it, vi } from 'vitest';
import { isDevelopment, isProduction } from './development.ts';

afterEach(() => void vi.unstubAllGlobals());

const env = (NODE_ENV?: string) => ({ env: { NODE_ENV } });

it.each<[what: string, process: unknown, userAgent: string | undefined, stage: string]>([
  ['Node without NODE_ENV', env(), 'Node.js/22', 'development'],
  ['NODE_ENV=test', env('test'), undefined, 'neither'],
  ['NODE_ENV=production', env('production'), undefined, 'production'],
  ['no process', undefined, undefined, 'production'],
  ['a Worker', env(), 'Cloudflare-Workers', 'production'],
  ['a Worker at a desk', env('development'), 'Cloudflare-Workers', 'development'],
  [
    'an environment that nobody may read, as in Deno',
    {
      env: new Proxy(
        {},
        {
          get() {
            throw new Error('Requires env access to "NODE_ENV"');
          },
        },
      ),
    },
    'Deno/2',
    'production',
  ],
])('%s', (_what, process, userAgent, stage) => {
  vi.stubGlobal('process', process);
  vi.stubGlobal('navigator', { userAgent });
  expect([isDevelopment(), isProduction()]).toEqual([stage === 'development', stage === 'production']);
});

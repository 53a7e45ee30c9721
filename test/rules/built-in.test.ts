import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { builtInProviders, defineProvider, diagnoseDelivery, type Provider } from '@hookproof/core';
import { sampleTypes } from '@hookproof/testing';
import { adapterConformance } from '@hookproof/testing/conformance';
import { describe, expect, it, vi } from 'vitest';
import { behaviours } from '../../packages/testing/src/simulator/behaviours.ts';
import { providerOf } from '../campaigns/runtimes/hosts/options.ts';
import { hookproof } from '../suites/cli/hookproof.ts';
import { packages } from './workspace.ts';

/** Where every built-in provider must be known, what is missing where one is not, and how to see it. */
type Place = readonly [place: string, fix: string, knows: (provider: Provider) => unknown];

const adapters = packages.filter(({ path }) => existsSync(join(path, 'src', 'conformance.test.ts')));

/** `grantivaWebhooks` for `grantiva`. */
function wrapperOf({ name }: Provider): string {
  return `${name.replace(/-([a-z0-9])/g, (_dash, letter: string) => letter.toUpperCase())}Webhooks`;
}

const ofAdapters = adapters.map(
  ({ folder, path }): Place => [
    `the adapter ${folder}`,
    `export a wrapper, such as grantivaWebhooks, from packages/${folder}/src/index.ts`,
    async (provider) => {
      // Whoever sends by Standard Webhooks has a name of its own: it goes through webhooks(standardWebhooks({ name })).
      if (provider.name === 'standard-webhooks') return true;
      const exported: object = await import(join(path, 'src', 'index.ts'));
      return typeof Reflect.get(exported, wrapperOf(provider)) === 'function';
    },
  ],
);

/** One that nobody sends by, so that all else is another sender's. */
const nobody = defineProvider({
  name: 'nobody',
  signature: { header: 'x-nobody', encoding: 'hex' },
  envelope: { type: 'type', data: 'data' },
});

async function isKnownSender(header: string): Promise<boolean> {
  const found = await diagnoseDelivery(nobody, {
    headers: { [header]: '-' },
    body: '{}',
    secret: 'a secret for tests',
  });
  return found?.cause === 'other_provider_header';
}

/** What `hookproof` completes; it writes for a shell. */
async function completions(...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    await hookproof(['complete', '--', ...words]);
    return log.mock.calls.map(([line]) => `${line}\n`).join('');
  } finally {
    log.mockRestore();
  }
}

const places: readonly Place[] = [
  ...ofAdapters,
  [
    'the command line',
    'let packages/cli/src/providers.ts make it',
    async ({ name }) => (await hookproof(['send', name, '--list'])).code === 0,
  ],
  [
    'the completion',
    'let packages/cli/src/commands/completion.ts take its names from providers.ts',
    async (provider) => {
      const names = await completions('send', '');
      const types = await completions('send', provider.name, '');
      return names.includes(`${provider.name}\t`) && sampleTypes(provider).every((type) => types.includes(`${type}\t`));
    },
  ],
  [
    'the simulator',
    'say what it does on the wire in packages/testing/src/simulator/behaviours.ts',
    ({ name }) => behaviours.has(name),
  ],
  ['the samples', 'write some in packages/testing/src/samples.ts', (provider) => sampleTypes(provider).length > 0],
  [
    'the conformance suite of adapters',
    'let packages/testing/src/conformance.ts go through builtInProviders',
    ({ name }) => {
      const titles: string[] = [];
      const serve = () => Promise.reject(new Error('nothing is run here'));
      adapterConformance({ name: 'an adapter', test: (title) => titles.push(title), serve });
      return titles.some((title) => title.startsWith(`an adapter, ${name}: `));
    },
  ],
  [
    'the diagnosis',
    'name it, or its signature header, in packages/core/src/diagnosis/senders.ts',
    async ({ signature }) => {
      const known = signature.map(async ({ headers }) =>
        (await Promise.all(headers.map(isKnownSender))).includes(true),
      );
      return (await Promise.all(known)).every((one) => one);
    },
  ],
  [
    'the suite of the runtimes',
    'let test/campaigns/runtimes/hosts/options.ts make it',
    ({ name }) => providerOf(Object({ provider: name })).name === name,
  ],
];

describe.each(Object.entries(builtInProviders))('the built-in provider %s', (name, make) => {
  it('has the name that it is listed by', () => {
    expect(make().name).toBe(name);
  });

  it.each(places)('is known to %s', async (place, fix, knows) => {
    const known = await knows(make());
    expect(known, `${place}: ${name} is not known; ${fix}`).toBe(true);
  });
});

it('every adapter is asked', () => {
  expect(adapters.map(({ folder }) => folder)).toEqual(expect.arrayContaining(['express', 'fastify', 'hono']));
});

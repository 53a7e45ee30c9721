import { pathToFileURL } from 'node:url';
import { Argument, Option } from '@commander-js/extra-typings';
import { builtInProviders, defineProvider, grantex, type Provider } from '@hookproof/core';
import { usage } from './failure.ts';

/** Which signature is meant, where a provider has several. */
type Signature = 'auto' | 'v1' | 'v2';

// A map, because the name comes from the command line.
const factories = new Map<string, () => Provider>(Object.entries(builtInProviders));

/** Names of the built-in providers. */
export const providerNames: readonly string[] = [...factories.keys()];

/** The built-in provider of that name, as it is by default. */
export function builtInProvider(name: string): Provider | undefined {
  return factories.get(name)?.();
}

/** The argument that names a provider. */
export const providerArgument = () =>
  new Argument('<provider>', `${providerNames.join(', ')}, or a module of your own such as ./acme.js`);

/** The option that chooses among the signatures of Grantex. */
export const signatureOption = () =>
  new Option('--signature <version>', "Grantex: which signature; 'auto' is what its receiver takes by default").choices(
    ['auto', 'v1', 'v2'] as const,
  );

/**
 * The provider of that name; or, for a path to a module, the provider that it exports as `default`, made by
 * `defineProvider` or by a function that returns one.
 */
export async function providerOf(name: string, signature?: Signature): Promise<Provider> {
  if (name === 'grantex') return grantex({ signature });
  if (signature !== undefined) throw usage(`--signature is for grantex; ${name} has one signature.`);
  const builtIn = builtInProvider(name);
  if (builtIn !== undefined) return builtIn;
  if (!/[./\\]/.test(name)) {
    throw usage(
      `There is no provider "${name}".`,
      `Give one of ${providerNames.join(', ')}, or the path of a module that exports your own: ./${name}.js`,
    );
  }
  return providerOfModule(name);
}

async function providerOfModule(path: string): Promise<Provider> {
  const module: Record<string, unknown> = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    if (Reflect.get(Object(cause), 'code') === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(path)) {
      throw usage(
        `Node ${process.versions.node} does not read TypeScript, and ${path} is such a module.`,
        'Use Node 22.18 or later; or a loader: npm install --save-dev tsx, then NODE_OPTIONS="--import tsx" hookproof …; or ' +
          'give the .js file that it is compiled to.',
      );
    }
    throw usage(`The module ${path} could not be loaded: ${cause instanceof Error ? cause.message : cause}`);
  });
  const exported: unknown = module['default'];
  const provider: unknown = typeof exported === 'function' ? exported() : exported;
  if (isProvider(provider)) return provider;
  throw usage(
    `The module ${path} has no provider as its default export.`,
    'Export what defineProvider() returns, or a function that returns it: export default defineProvider({ … })',
  );
}

function isProvider(value: unknown): value is Provider {
  const shape = Object.keys(defineProvider({ name: 'a', signature: { header: 'a', encoding: 'hex' }, envelope }));
  return typeof value === 'object' && value !== null && shape.every((field) => field in value);
}

const envelope = { type: 'type', data: 'data' };

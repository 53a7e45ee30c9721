/**
 * `receive` where core finds no `node:crypto`, as on older Workers. Its process imports this module before all others,
 * so it imports none itself until it is asked.
 */
import type { Pair } from '../cpu/pair.ts';
import type { SchemeName } from '../deliveries.ts';

Object.defineProperty(process, 'getBuiltinModule', { value: undefined });

let signed = 0;
const prototype: { sign: (...given: unknown[]) => unknown } = Object.getPrototypeOf(globalThis.crypto.subtle);
const { sign } = prototype;
prototype.sign = function (...given) {
  signed++;
  return sign.apply(this, given);
};

export async function onWebCrypto(scheme: SchemeName, bytes: number): Promise<Pair> {
  const { plain } = await import('./receive.ts');
  const pair = await plain(scheme, bytes);
  const before = signed;
  await pair.ours();
  if (signed === before) throw new Error('Core verified a delivery without WebCrypto, which is to be measured.');
  return pair;
}

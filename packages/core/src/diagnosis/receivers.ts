import { listOf, type Secret } from '../proof/secret.ts';
import type { Provider } from '../provider.ts';

/** A receiver of this process whose secrets do not depend on the request. */
export interface KnownReceiver {
  readonly provider: Provider;
  /** The option `receiverName`, or the provider's name. */
  readonly name: string;
  readonly secrets: readonly Secret[];
}

const maxReceivers = 16;

// Swapped secrets and swapped paths can only be seen by looking at the other receivers of the process.
const latest: KnownReceiver[] = [];

/** Remembers a receiver in the place of one just like it, and forgets the oldest of too many. */
export function rememberReceiver(provider: Provider, secret: Secret | readonly Secret[], name = provider.name): void {
  const secrets = listOf(secret);
  const before = latest.findIndex(
    (one) => one.name === name && one.provider.name === provider.name && sameList(one.secrets, secrets),
  );
  if (before !== -1) latest.splice(before, 1);
  latest.unshift({ provider, name, secrets });
  latest.length = Math.min(latest.length, maxReceivers);
}

/** The receivers that have other secrets than these. */
export function otherReceivers(own: readonly Secret[]): readonly KnownReceiver[] {
  return latest.filter(({ secrets }) => !sameList(secrets, own));
}

/** The receivers of other providers, whatever their secrets. */
export function receiversOfOthers({ name }: Provider): readonly KnownReceiver[] {
  return latest.filter(({ provider }) => provider.name !== name);
}

function sameList(a: readonly Secret[], b: readonly Secret[]): boolean {
  return a.length === b.length && a.every((secret, index) => sameSecret(secret, b[index]));
}

function sameSecret(a: Secret, b: Secret | undefined): boolean {
  if (typeof a === 'string' || typeof b === 'string' || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  // Every byte is looked at, whatever was found before.
  return a.reduce((difference, byte, index) => difference | (byte ^ (b[index] ?? 0)), 0) === 0;
}

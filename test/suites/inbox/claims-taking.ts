import type { Claim, ClaimStore } from '@hookproof/core';

/** Takes a key, or throws why not. */
export async function take(claims: ClaimStore, key: string, leaseMs = 60_000): Promise<Claim & { state: 'taken' }> {
  const claim = await claims.claim(key, leaseMs);
  if (claim.state !== 'taken') throw new Error(`${key} is ${claim.state}`);
  return claim;
}

/** What somebody is told who asks for a key; it is theirs afterwards where it was free. */
export async function stateOf(claims: ClaimStore, key: string): Promise<Claim['state']> {
  return (await claims.claim(key, 60_000)).state;
}

import { createReceiver, grantex } from '@hookproof/core';
import { revokedGrants } from '../../revoked-grants.ts';

const receiver = createReceiver({
  provider: grantex({ signature: 'v2' }),
  // A function, because `next build` loads this file where the secret need not be known.
  secret: () => process.env.GRANTEX_SECRET ?? '',
  on: { 'grant.revoked': ({ data }) => revokedGrants.add(data.grantId) },
});

export const POST = receiver.fetch;

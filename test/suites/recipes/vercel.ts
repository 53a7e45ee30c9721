import { createReceiver, grantex } from '@hookproof/core';

// api/webhooks/grantex.ts
const receiver = createReceiver({
  provider: grantex(),
  secret: () => process.env.GRANTEX_SECRET ?? '',
  on: { 'grant.revoked': ({ data }) => console.log('revoked:', data.grantId) },
});

export const POST = receiver.fetch;

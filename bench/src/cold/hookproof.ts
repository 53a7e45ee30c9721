import { createReceiver, grantex } from '@hookproof/core';
import type { ColdModule } from './contenders.ts';

const receiver = createReceiver({
  provider: grantex({ signature: 'v2' }),
  secret: process.env['WEBHOOK_SECRET'] ?? '',
  on: { 'grant.revoked': () => {} },
});

export const receive: ColdModule['receive'] = (delivery) => receiver.receive(delivery);

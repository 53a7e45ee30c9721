import { createReceiver, gravv } from '@hookproof/core';
import { H3 } from 'h3';

const receiver = createReceiver({
  provider: gravv(),
  secret: () => process.env.GRAVV_SECRET ?? '',
  on: { 'transfer.status.failed': ({ data }) => console.log('failed:', data.client_reference) },
});

export const app = new H3();
app.post('/webhooks/gravv', (event) => receiver.fetch(event.req));

import { http } from '@google-cloud/functions-framework';
import { gravvWebhooks } from '@hookproof/express';

http(
  'hooks',
  gravvWebhooks({
    path: '/',
    secret: () => process.env.GRAVV_SECRET ?? '',
    on: { 'transfer.status.failed': ({ data }) => console.log('failed:', data.client_reference) },
  }),
);

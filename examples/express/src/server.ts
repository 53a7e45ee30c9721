import type { AddressInfo } from 'node:net';
import { gracefulShutdown } from '@hookproof/inbox';
import { createApp } from './app.ts';

const { HOST = '127.0.0.1', PORT = '3000' } = process.env;
const { GRANTIVA_SECRET = '', GRANTEX_SECRET = '', GRAVV_SECRET = '' } = process.env;

const app = createApp({ grantiva: GRANTIVA_SECRET, grantex: GRANTEX_SECRET, gravv: GRAVV_SECRET });
const server = app.listen(Number(PORT), HOST, (error) => {
  if (error) throw error;
  console.log(`Listening on http://${HOST}:${(server.address() as AddressInfo).port}`);
});

// Deliveries under way are finished and answered; then nothing keeps the process alive.
gracefulShutdown(server, { signals: ['SIGTERM', 'SIGINT'] });

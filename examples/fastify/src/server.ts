import { gracefulShutdown } from '@hookproof/inbox';
import { createApp } from './app.ts';

const { HOST = '127.0.0.1', PORT = '3000' } = process.env;
const { GRANTIVA_SECRET = '', GRANTEX_SECRET = '', GRAVV_SECRET = '' } = process.env;

const app = await createApp({
  secrets: { grantiva: GRANTIVA_SECRET, grantex: GRANTEX_SECRET, gravv: GRAVV_SECRET },
  logger: true,
});
// Deliveries under way are finished and answered; then nothing keeps the process alive.
gracefulShutdown(app.server, { signals: ['SIGTERM', 'SIGINT'], afterClose: () => app.close() });
await app.listen({ host: HOST, port: Number(PORT) });

import { gracefulShutdown } from '@hookproof/inbox';
import { createApp } from './app.ts';

const { HOST = '127.0.0.1', PORT = '3000' } = process.env;

const app = await createApp();
// Deliveries under way are finished and answered; then nothing keeps the process alive.
gracefulShutdown(app.getHttpServer(), { signals: ['SIGTERM', 'SIGINT'], afterClose: () => app.close() });
await app.listen(PORT, HOST);
console.log(`Listening on ${await app.getUrl()}`);

import { createApp } from './app.ts';

const { HOST = '127.0.0.1', PORT = '3000' } = process.env;

const app = await createApp();
await app.listen(PORT, HOST);
console.log(`Listening on ${await app.getUrl()}`);

// Deliveries under way are finished and answered; then nothing keeps the process alive.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void app.close());

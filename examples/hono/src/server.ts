import { serve } from '@hono/node-server';
import { gracefulShutdown } from '@hookproof/inbox';
import { createApp } from './app.ts';

const { HOST = '127.0.0.1', PORT = '3000' } = process.env;

const server = serve({ fetch: createApp().fetch, hostname: HOST, port: Number(PORT) }, ({ port }) => {
  console.log(`Listening on http://${HOST}:${port}`);
});

// Deliveries under way are finished and answered; then nothing keeps the process alive.
gracefulShutdown(server, { signals: ['SIGTERM', 'SIGINT'] });

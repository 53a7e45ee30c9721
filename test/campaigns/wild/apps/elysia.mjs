import { node } from '@elysiajs/node';
import { createReceiver, grantex, gravv } from '@hookproof/core';
import { Elysia } from 'elysia';
import told from './told.cjs';

const receiver = createReceiver({ provider: grantex(), ...told.optionsOf('on a route') });
const mounted = createReceiver({ provider: gravv(), ...told.optionsOf('mounted') });
new Elysia({ adapter: node() })
  // Elysia would read the body first.
  .post('/webhooks/grantex', ({ request }) => receiver.fetch(request), { parse: 'none' })
  .mount('/webhooks/gravv', mounted.fetch)
  .post('/echo', ({ body }) => body)
  .listen({ hostname: '127.0.0.1', port: 0 }, ({ node: { server } }) => {
    if (server.listening) told.listening(server);
    else server.once('listening', () => told.listening(server));
  });

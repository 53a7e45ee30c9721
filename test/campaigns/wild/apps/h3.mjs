import { createReceiver, grantex, gravv } from '@hookproof/core';
import { H3, readBody, serve } from 'h3';
import told from './told.cjs';

const receiver = createReceiver({ provider: grantex(), ...told.optionsOf('on a route') });
const other = createReceiver({ provider: gravv(), ...told.optionsOf('for all methods') });
const app = new H3();
app.post('/webhooks/grantex', (event) => receiver.fetch(event.req));
app.all('/webhooks/gravv', (event) => other.fetch(event.req));
app.post('/echo', (event) => readBody(event));
const server = serve(app, { hostname: '127.0.0.1', port: 0, silent: true });
await server.ready();
console.log(JSON.stringify({ port: Number(new URL(server.url).port) }));

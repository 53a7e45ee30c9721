// The server of `vercel dev` for one function, with the helpers that Vercel puts around it. WILD_FUNCTION is its file.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import told from './told.cjs';

process.env.VERCEL_DEV_ENTRYPOINT = process.env.WILD_FUNCTION;
process.env.VERCEL_DEV_BUILD_ENV = JSON.stringify({ NODEJS_HELPERS: process.env.NODEJS_HELPERS });
// It tells its address to the process that has forked it. Before it stands what Vercel's network does: a function gets a body
// with its length, never in chunks.
process.send = ({ port }) => {
  const server = createServer(async (request, response) => {
    const { 'transfer-encoding': _chunked, ...headers } = request.headers;
    const { method, url } = request;
    const body = method === 'GET' ? undefined : await buffer(request);
    const got = await fetch(`http://127.0.0.1:${port}${url}`, { method, headers, body });
    response.writeHead(got.status).end(Buffer.from(await got.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1', () => told.listening(server));
};
const main = createRequire(import.meta.url).resolve('@vercel/node');
await import(pathToFileURL(join(dirname(main), 'dev-server.mjs')).href);

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { EndpointError, grantexEndpoints, grantivaEndpoints } from '@hookproof/endpoints';
import { originOf } from './deliver.ts';

// Just enough of both providers: one endpoint that can be created, and a key that is known.
const secret = 'whsec_0123456789abcdef';
const endpoint = { id: 'wh_1', isActive: true, createdAt: '2026-03-01T12:00:00Z' };
const server = createServer(async (request, response) => {
  const { method, url = '', headers } = request;
  const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
  if (headers.authorization !== 'Bearer a-key') return answer(401, { message: 'No', code: 'UNAUTHORIZED' });
  if (method === 'POST') return answer(201, { ...endpoint, ...JSON.parse(await text(request)), secret });
  return answer(200, url.startsWith('/api') ? [] : { webhooks: [] });
});
await once(server.listen(0, '127.0.0.1'), 'listening');

const baseUrl = originOf(server);
const wanted = { url: 'https://example.com/hooks', events: ['grant.created'] };
for (const endpoints of [
  grantexEndpoints({ baseUrl, apiKey: 'a-key' }),
  grantivaEndpoints({ baseUrl, token: 'a-key' }),
]) {
  const result = await endpoints.ensure(wanted);
  assert.equal(result.action, 'created');
  assert.ok('secret' in result.endpoint);
  assert.equal(result.endpoint.secret.reveal(), secret);
  assert.ok(!inspect(result, { depth: 9 }).includes(secret));
}
await assert.rejects(grantexEndpoints({ baseUrl, apiKey: 'another' }).list(), (error) => {
  assert.ok(error instanceof EndpointError);
  assert.equal(error.code, 'unauthorized');
  return true;
});
server.close();

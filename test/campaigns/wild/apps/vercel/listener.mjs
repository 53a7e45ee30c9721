import { buffer } from 'node:stream/consumers';
import { grantexWebhooks } from '@hookproof/express';
import told from '../told.cjs';

const receive = grantexWebhooks({ ...told.optionsOf('listener'), path: '/api/hooks' });

export default async function listener(request, response) {
  if (request.url !== '/echo') return receive(request, response);
  const body = request.body ?? JSON.parse((await buffer(request)).toString());
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

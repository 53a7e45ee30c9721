import { grantexWebhooks } from '@hookproof/express';
import express from 'express';
import request from 'supertest';
import { revocation, secret } from './deliver.cjs';

test('a genuine delivery is handled, through supertest', async () => {
  const revoked: string[] = [];
  const app = express();
  app.use(grantexWebhooks({ secret, on: { 'grant.revoked': ({ data }) => revoked.push(data.grantId) } }));
  const { headers, body } = await revocation('grnt_1');
  const text = Buffer.from(body).toString();
  const reply = await request(app).post('/webhooks/grantex').set(headers).send(text);
  expect(reply.body).toEqual({ outcome: 'handled' });
  expect(revoked).toEqual(['grnt_1']);
});

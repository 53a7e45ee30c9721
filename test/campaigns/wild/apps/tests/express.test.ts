import { grantex } from '@hookproof/core';
import { grantexWebhooks } from '@hookproof/express';
import { signedDelivery } from '@hookproof/testing';
import express from 'express';
import request from 'supertest';

const secret = 'a secret for the tests of an app';

test('a genuine delivery is handled, through supertest', async () => {
  const revoked: string[] = [];
  const app = express();
  app.use(grantexWebhooks({ secret, on: { 'grant.revoked': ({ data }) => revoked.push(data.grantId) } }));
  const event = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: false } } as const;
  const { headers, body } = await signedDelivery(grantex(), event, { secret });
  const text = Buffer.from(body).toString();
  const reply = await request(app).post('/webhooks/grantex').set(headers).send(text);
  expect(reply.body).toEqual({ outcome: 'handled' });
  expect(revoked).toEqual(['grnt_1']);
});

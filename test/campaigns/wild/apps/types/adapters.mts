// Handlers get the event of their type in the function of one provider, whatever the compiler.
import { type EventOf, grantiva, verifyDelivery, type WebhookError } from '@hookproof/core';
import { grantivaEndpoints } from '@hookproof/endpoints';
import * as express from '@hookproof/express';
import * as fastify from '@hookproof/fastify';
import { memoryInbox } from '@hookproof/inbox';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { telemetry } from '@hookproof/otel';
import { signedDelivery } from '@hookproof/testing';
import Express from 'express';
import Fastify from 'fastify';

const secret = 'a secret for the compiler';
const app = Express();
app.use(express.grantivaWebhooks({ secret, on: { 'device.high_risk': ({ data }) => data.device_id.length } }));
Fastify().register(fastify.grantexWebhooks, { secret, on: { 'grant.revoked': ({ data }) => data.grantId.length } });

const inbox = sqliteInbox({ path: 'inbox.db' });
express.gravvWebhooks({ secret, inbox, on: { '*': (_event, { attempt }) => attempt.toFixed() }, wrap: telemetry() });
// @ts-expect-error the provider has no such type
express.grantivaWebhooks({ secret, on: { 'device.hihg_risk': () => undefined } });

export const stored = memoryInbox().list();
export const endpoints = grantivaEndpoints({ baseUrl: 'http://localhost', token: 'a token' });
export async function tried(): Promise<EventOf<ReturnType<typeof grantiva>> | WebhookError> {
  const delivery = await signedDelivery(grantiva(), { type: 'device.new', data: { device_id: 'd' } }, { secret });
  await fetch('http://localhost', delivery);
  return verifyDelivery(grantiva(), { ...delivery, secret });
}

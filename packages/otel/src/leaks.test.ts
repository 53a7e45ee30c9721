import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createReceiver, grantex } from '@hookproof/core';
import { grantexWebhooks } from '@hookproof/express';
import { signedDelivery } from '@hookproof/testing';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import express from 'express';
import { expect, onTestFinished, test, vi } from 'vitest';
import { telemetry } from './index.ts';

const secret = 'MARKER-secret';

test('nothing of what was delivered, and no secret, is in spans or metrics', async () => {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const wrap = telemetry({ tracerProvider, meterProvider, diagnose: true });
  const on = {
    'grant.revoked': () => undefined,
    'grant.created': ({ data }: { data: object }) => {
      throw Object.assign(new Error(`cannot store ${JSON.stringify(data)}`), {
        name: 'MARKER-name',
        code: 'MARKER-code',
      });
    },
  };
  const onOutcome = () => undefined;
  const app = express();
  app.use('/hooks', grantexWebhooks({ secret: [secret, 'MARKER-old'], on, onOutcome, wrap, dedupe: false }));
  app.use('/eaten', express.json(), grantexWebhooks({ secret, path: '/', on, onOutcome, wrap }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await once(server, 'close');
    await meterProvider.shutdown();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const sent = {
    grantId: 'MARKER-data',
    cascade: true,
    agentId: 'MARKER',
    principalId: 'MARKER',
    scopes: ['MARKER'],
    expiresAt: 'MARKER',
  };
  const sign = async (type: 'grant.revoked' | 'grant.created', options: { secret?: string; at?: number } = {}) => {
    const event = { id: 'evt_1', type, data: sent };
    const { headers, body } = await signedDelivery(grantex(), event, { secret, ...options });
    const others: Record<string, string> = { 'x-other': 'MARKER-header', authorization: 'MARKER' };
    return { headers: { ...headers, ...others }, body };
  };
  const genuine = await sign('grant.revoked');
  const attempts = [
    genuine,
    await sign('grant.created'),
    await sign('grant.revoked', { secret: 'MARKER-other' }),
    await sign('grant.revoked', { at: 0 }),
    { ...genuine, headers: { ...genuine.headers, 'x-grantex-signature-v2': 'MARKER-signature' } },
    { ...genuine, headers: { ...genuine.headers, 'content-encoding': 'MARKER' } },
    { ...genuine, body: '{"data":"MARKER"' },
  ];
  const post = async (path: string, init: RequestInit) => {
    await (await fetch(`${origin}${path}?key=MARKER-query`, { method: 'POST', ...init })).arrayBuffer();
  };
  for (const attempt of attempts) await post('/hooks', attempt);
  await post('/eaten', genuine);
  const byHand = createReceiver({ provider: grantex(), secret, on, onOutcome, wrap });
  await byHand.receive({ method: 'MARKER-method', headers: {}, body: 'MARKER' });

  const deliveries = attempts.length + 2;
  await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(deliveries));
  const spans = exporter
    .getFinishedSpans()
    .map(({ name, attributes, events, links, status }) => ({ name, attributes, events, links, status }));
  const outcomes = new Set(spans.map(({ attributes }) => attributes['hookproof.outcome']));
  expect(outcomes).toEqual(
    new Set([
      'handled',
      'handler_failed',
      'signature_mismatch',
      'malformed_signature',
      'stale_delivery',
      'unsupported_encoding',
      'method_not_allowed',
      'body_consumed',
    ]),
  );
  const { resourceMetrics } = await reader.collect();
  const exported = JSON.stringify([spans, resourceMetrics.scopeMetrics]);
  expect(exported).toContain('grant.revoked');
  expect(exported).not.toMatch(/marker/i);
  expect(exported).not.toContain(genuine.headers['x-grantex-signature-v2']);
});

import { createReceiver, grantex, type OutcomeReport } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { telemetry } from './index.ts';

const secret = 'a secret for tests';

function recorder() {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return { wrap: telemetry({ tracerProvider }), attributes: () => exporter.getFinishedSpans()[0]?.attributes ?? {} };
}

test('an id of 900,000 characters is cut to 256, in whole characters', async () => {
  const { wrap, attributes } = recorder();
  const receiver = createReceiver({
    provider: grantex(),
    secret,
    maxBodyBytes: 4_000_000,
    on: { '*': () => undefined },
    wrap,
  });
  const sent = JSON.stringify({ id: `e${'😀'.repeat(450_000)}`, type: 'grant.unknown', data: {} });
  const { headers, body } = await signedDelivery(grantex(), { body: sent }, { secret });
  expect((await receiver.receive({ headers, body })).outcome).toBe('handled');
  expect(attributes()['messaging.message.id']).toBe(`e${'😀'.repeat(127)}\uFFFD`);
});

test('whatever a report holds, no attribute is longer than 256 characters', async () => {
  const { wrap, attributes } = recorder();
  const long = 'x'.repeat(10_000);
  const report: OutcomeReport = {
    stage: 'receive',
    outcome: 'handled',
    status: 200,
    provider: 'grantex',
    framework: 'fetch',
    method: long,
    id: long,
    type: long,
    owner: long,
    key: long,
    inboxId: long,
    bodyBytes: 1,
    secretIndex: 0,
    attempt: 1,
    durationMs: 1,
    error: undefined,
    diagnose: undefined,
  };
  await wrap(async () => report, { stage: 'receive', provider: 'grantex', framework: 'fetch' });
  const texts = Object.values(attributes()).filter((value) => typeof value === 'string');
  expect(texts.filter((text) => text.length === 256)).toHaveLength(4);
  expect(Math.max(...texts.map((text) => text.length))).toBe(256);
});

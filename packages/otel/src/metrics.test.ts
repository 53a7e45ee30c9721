import { createReceiver, grantex, type OnOutcome } from '@hookproof/core';
import type { InboxReceiver } from '@hookproof/core/inbox';
import { signedDelivery } from '@hookproof/testing';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect, onTestFinished, test, vi } from 'vitest';
import { inboxWith } from '../../../test/suites/inbox-with.ts';
import { telemetry } from './index.ts';

const secret = 'a secret for tests';
const revoked = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: false } } as const;

/** A provider of the SDK's, and what it measured by name. */
function measured() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const meterProvider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => meterProvider.shutdown());
  const collect = async (name: string) => {
    const { resourceMetrics } = await reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return all.find(({ descriptor }) => descriptor.name === name);
  };
  return { meterProvider, collect };
}

function receiverWith(wrap: ReturnType<typeof telemetry>, onOutcome: OnOutcome = () => undefined) {
  return createReceiver({ provider: grantex(), secret, on: { 'grant.revoked': () => undefined }, wrap, onOutcome });
}

test('deliveries are counted by outcome, and timed in seconds', async () => {
  const { meterProvider, collect } = measured();
  const durations: number[] = [];
  const receiver = receiverWith(telemetry({ meterProvider }), ({ durationMs }) => durations.push(durationMs));
  const { headers, body } = await signedDelivery(grantex(), revoked, { secret });
  const issued = await signedDelivery(
    grantex(),
    { body: { id: 'evt_2', type: 'more.later', createdAt: '2026-11-21T00:00:00Z', data: {} } },
    { secret },
  );
  await receiver.receive({ headers, body });
  await receiver.receive({ headers, body });
  await receiver.receive({ headers: issued.headers, body: issued.body });
  for (let forged = 0; forged < 3; forged++) await receiver.receive({ headers, body: `${forged}` });

  const about = { 'hookproof.stage': 'receive', 'hookproof.provider': 'grantex', 'hookproof.framework': 'fetch' };
  await vi.waitFor(async () => {
    const counted = await collect('hookproof.deliveries');
    expect(counted?.dataPoints.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ ...about, 'hookproof.outcome': 'handled' }, 1],
      [{ ...about, 'hookproof.outcome': 'duplicate' }, 1],
      [{ ...about, 'hookproof.outcome': 'ignored' }, 1],
      [{ ...about, 'hookproof.outcome': 'signature_mismatch' }, 3],
    ]);
  });
  const timed = await collect('hookproof.delivery.duration');
  expect(timed?.descriptor.unit).toBe('s');
  const handled = timed?.dataPoints.find(({ attributes }) => attributes['hookproof.outcome'] === 'handled');
  expect(handled?.value).toMatchObject({
    count: 1,
    sum: (durations[0] ?? Number.NaN) / 1000,
    buckets: { boundaries: expect.arrayContaining([0.005, 10]) },
  });
});

test('an attempt of the inbox is counted and timed apart from the delivery', async () => {
  const { meterProvider, collect } = measured();
  let registered: InboxReceiver | undefined;
  const inbox = inboxWith({
    register: (receiver) => {
      registered = receiver;
    },
    accept: async () => ({ id: 'dlv_1', isNew: true }),
  });
  const on = { 'grant.revoked': () => undefined };
  const wrap = telemetry({ meterProvider });
  const receiver = createReceiver({ provider: grantex(), secret, inbox, on, wrap, onOutcome: () => undefined });
  const { headers, body } = await signedDelivery(grantex(), revoked, { secret });
  await receiver.receive({ headers, body });
  await registered?.work({
    id: 'dlv_1',
    owner: undefined,
    headers: new Map(Object.entries(headers)),
    body,
    attempt: 1,
    receivedAt: new Date(),
    timeoutMs: 1_000,
    failure: undefined,
    signal: new AbortController().signal,
    complete: () => undefined,
    settle: async (error) => ({ outcome: 'dead', error }),
  });

  const about = { 'hookproof.provider': 'grantex', 'hookproof.framework': 'fetch' };
  const expected = [
    { ...about, 'hookproof.stage': 'receive', 'hookproof.outcome': 'stored' },
    { ...about, 'hookproof.stage': 'work', 'hookproof.outcome': 'dead' },
  ];
  await vi.waitFor(async () => {
    const counted = await collect('hookproof.deliveries');
    expect(counted?.dataPoints.map(({ attributes }) => attributes)).toEqual(expected);
  });
  const timed = await collect('hookproof.delivery.duration');
  expect(timed?.dataPoints.map(({ attributes }) => attributes)).toEqual(expected);
});

test('an SDK that starts after the receiver was made is found', async () => {
  const receiver = receiverWith(telemetry());
  await receiver.receive({ headers: {}, body: '' });
  const { meterProvider, collect } = measured();
  metrics.setGlobalMeterProvider(meterProvider);
  onTestFinished(() => metrics.disable());
  await receiver.receive({ headers: {}, body: '' });
  await vi.waitFor(async () => {
    const counted = await collect('hookproof.deliveries');
    expect(counted?.dataPoints.map(({ value }) => value)).toEqual([1]);
  });
});

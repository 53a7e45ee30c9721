import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { createReceiver, grantex, type WorkOutcome } from '@hookproof/core';
import type { InboxReceiver } from '@hookproof/core/inbox';
import { grantexWebhooks } from '@hookproof/express';
import { grantexWebhooks as honoGrantexWebhooks } from '@hookproof/hono';
import { signedDelivery } from '@hookproof/testing';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import * as semconv from '@opentelemetry/semantic-conventions/incubating';
import express from 'express';
import { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { inboxWith } from '../../../test/suites/inbox-with.ts';
import { telemetry } from './index.ts';

const secret = 'a secret for tests';
const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = tracerProvider.getTracer('the app');

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());
beforeEach(() => exporter.reset());

/** What every handler here does: it makes a span of its own. */
async function work(): Promise<void> {
  await tracer.startActiveSpan('work', async (span) => {
    await Promise.resolve();
    span.end();
  });
}

const options = { secret, on: { 'grant.revoked': work }, wrap: telemetry({ tracerProvider }) };

// Each app has a span of its own around every request, as HTTP instrumentation makes one.
const servers: Record<string, () => ServerType> = {
  express: () => {
    const app = express();
    app.use((_req, res, next) =>
      tracer.startActiveSpan('http', (span) => {
        res.on('close', () => span.end());
        next();
      }),
    );
    return app.use('/hooks', grantexWebhooks(options)).listen(0, '127.0.0.1');
  },
  hono: () => {
    const app = new Hono();
    app.use((_c, next) => tracer.startActiveSpan('http', (span) => next().finally(() => span.end())));
    app.post('/hooks', honoGrantexWebhooks(options));
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  },
};

async function listen(server: ServerType): Promise<string> {
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
}

const revoked = { id: 'evt_1', type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: false } } as const;

/** The spans of that name, in the order in which they ended. */
function spans(name: string) {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

describe.each(Object.entries(servers))('%s', (framework, start) => {
  test('one span per delivery, below the request and around the handlers', async () => {
    const url = await listen(start());
    const delivery = await signedDelivery(grantex(), revoked, { secret });
    const forgery = await signedDelivery(grantex(), revoked, { secret: 'guessed' });
    const statuses: number[] = [];
    for (const sent of [delivery, delivery, forgery]) {
      const reply = await fetch(url, { ...sent, headers: { ...sent.headers, connection: 'close' } });
      await reply.arrayBuffer();
      statuses.push(reply.status);
    }
    await vi.waitFor(() => expect(spans('http')).toHaveLength(3));

    expect(statuses).toEqual([200, 200, 401]);
    const received = spans('process grantex');
    expect(received.map(({ attributes }) => attributes['hookproof.outcome'])).toEqual([
      'handled',
      'duplicate',
      'signature_mismatch',
    ]);
    const parents = received.map(({ parentSpanContext }) => parentSpanContext?.spanId);
    expect(new Set(parents)).toEqual(new Set(spans('http').map((span) => span.spanContext().spanId)));
    expect(new Set(parents).size).toBe(3);
    const [handler, ...more] = spans('work');
    expect(more).toEqual([]);
    expect(handler?.parentSpanContext?.spanId).toBe(received[0]?.spanContext().spanId);
    expect(received[0]?.kind).toBe(SpanKind.CONSUMER);
    expect(received[0]?.instrumentationScope.name).toBe('@hookproof/otel');
    expect(received[0]?.attributes).toEqual({
      [semconv.ATTR_MESSAGING_SYSTEM]: 'webhook',
      [semconv.ATTR_MESSAGING_DESTINATION_NAME]: 'grantex',
      [semconv.ATTR_MESSAGING_OPERATION_NAME]: 'process',
      [semconv.ATTR_MESSAGING_OPERATION_TYPE]: semconv.MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
      [semconv.ATTR_MESSAGING_MESSAGE_ID]: 'evt_1',
      [semconv.ATTR_MESSAGING_MESSAGE_BODY_SIZE]: delivery.body.byteLength,
      [semconv.ATTR_HTTP_REQUEST_METHOD]: 'POST',
      [semconv.ATTR_HTTP_RESPONSE_STATUS_CODE]: 200,
      'hookproof.provider': 'grantex',
      'hookproof.framework': framework,
      'hookproof.stage': 'receive',
      'hookproof.outcome': 'handled',
      'hookproof.event.type': 'grant.revoked',
      'hookproof.secret.index': 0,
    });
  });
});

test('a span names the owner of the event, where the secret function does', async () => {
  const secrets = 'the secret of a tenant';
  const own = { ...options, secret: () => ({ owner: 'acme', secrets }) };
  const receiver = createReceiver({ provider: grantex(), ...own });
  const event = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: false } } as const;
  const { headers, body } = await signedDelivery(grantex(), event, { secret: secrets });
  await receiver.receive({ headers, body });
  await vi.waitFor(() => expect(spans('process grantex')).toHaveLength(1));
  expect(spans('process grantex')[0]?.attributes['hookproof.owner']).toBe('acme');
});

test('onOutcome runs in the span, so that a log line can name the trace', async () => {
  const active: (string | undefined)[] = [];
  const receiver = createReceiver({
    provider: grantex(),
    ...options,
    onOutcome: () => active.push(trace.getActiveSpan()?.spanContext().spanId),
  });
  await receiver.receive({ headers: {}, body: '' });
  await vi.waitFor(() => expect(spans('process grantex')).toHaveLength(1));
  expect(active).toEqual([spans('process grantex')[0]?.spanContext().spanId]);
});

describe('what went wrong', () => {
  const failing = {
    provider: grantex(),
    secret,
    on: {
      'grant.revoked': () => {
        throw new Error('no database');
      },
    },
    onOutcome: () => undefined,
  };

  test('an error of a handler is one of this service, and is named by its code alone', async () => {
    const receiver = createReceiver({ ...failing, wrap: telemetry({ tracerProvider }) });
    expect((await receiver.fetch((await signedDelivery(grantex(), revoked, { secret })).request)).status).toBe(500);
    await vi.waitFor(() => expect(spans('process grantex')).toHaveLength(1));
    const [span] = spans('process grantex');
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span?.attributes[semconv.ATTR_ERROR_TYPE]).toBe('handler_failed');
    expect(span?.events).toEqual([]);
  });

  test('a forgery is no error of this service', async () => {
    const receiver = createReceiver({ ...failing, wrap: telemetry({ tracerProvider }) });
    await receiver.receive({ method: 'POST', headers: {}, body: '{}' });
    await vi.waitFor(() => expect(spans('process grantex')).toHaveLength(1));
    const [span] = spans('process grantex');
    expect(span?.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span?.attributes[semconv.ATTR_ERROR_TYPE]).toBe('missing_signature');
    expect(span?.attributes).not.toHaveProperty(['hookproof.event.type']);
    expect(span?.attributes).not.toHaveProperty(['hookproof.diagnosis.cause']);
  });

  test('a method that HTTP does not know is not repeated', async () => {
    const receiver = createReceiver({ ...failing, wrap: telemetry({ tracerProvider }) });
    await receiver.receive({ method: 'MARKER', headers: {}, body: '' });
    await vi.waitFor(() => expect(spans('process grantex')).toHaveLength(1));
    expect(spans('process grantex')[0]?.attributes[semconv.ATTR_HTTP_REQUEST_METHOD]).toBe('_OTHER');
  });

  test('why it was rejected is on the span where that was asked for', async () => {
    const receiver = createReceiver({ ...failing, wrap: telemetry({ tracerProvider, diagnose: true }) });
    const forgery = await signedDelivery(grantex(), revoked, { secret: 'guessed' });
    await receiver.receive({ headers: forgery.headers, body: forgery.body });
    await vi.waitFor(() => expect(spans('process grantex')).toHaveLength(1));
    expect(spans('process grantex')[0]?.attributes['hookproof.diagnosis.cause']).toEqual(
      expect.stringMatching(/^[a-z_]+$/),
    );
  });
});

describe('an attempt of the inbox', () => {
  /** Works once on a delivery that came before, and says what `settle` makes of it. */
  async function attempt(handler: () => unknown, outcome: WorkOutcome): Promise<ReadableSpan | undefined> {
    let registered: InboxReceiver | undefined;
    const inbox = inboxWith({
      register: (receiver) => {
        registered = receiver;
      },
    });
    createReceiver({
      provider: grantex(),
      secret,
      inbox,
      on: { 'grant.revoked': handler },
      wrap: telemetry({ tracerProvider }),
      onOutcome: () => undefined,
    });
    const { headers, body } = await signedDelivery(grantex(), revoked, { secret });
    const worked = await registered?.work({
      id: 'dlv_1',
      owner: undefined,
      headers: new Map(Object.entries(headers)),
      body,
      attempt: 2,
      receivedAt: new Date(),
      timeoutMs: 1_000,
      failure: undefined,
      signal: new AbortController().signal,
      complete: () => undefined,
      settle: async (error) => ({ outcome, error }),
    });
    expect(worked).toBe(outcome);
    await vi.waitFor(() => expect(spans('process grantex')).toHaveLength(1));
    return spans('process grantex')[0];
  }

  test('has a span around the handlers, and nothing of HTTP on it', async () => {
    const span = await attempt(work, 'handled');
    expect(span?.kind).toBe(SpanKind.CONSUMER);
    expect(span?.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span?.attributes).toEqual({
      [semconv.ATTR_MESSAGING_SYSTEM]: 'webhook',
      [semconv.ATTR_MESSAGING_DESTINATION_NAME]: 'grantex',
      [semconv.ATTR_MESSAGING_OPERATION_NAME]: 'process',
      [semconv.ATTR_MESSAGING_OPERATION_TYPE]: semconv.MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
      [semconv.ATTR_MESSAGING_MESSAGE_ID]: 'evt_1',
      [semconv.ATTR_MESSAGING_MESSAGE_BODY_SIZE]: expect.any(Number),
      'hookproof.provider': 'grantex',
      'hookproof.framework': 'fetch',
      'hookproof.stage': 'work',
      'hookproof.outcome': 'handled',
      'hookproof.event.type': 'grant.revoked',
      'hookproof.inbox.id': 'dlv_1',
      'hookproof.attempt': 2,
    });
    expect(spans('work')[0]?.parentSpanContext?.spanId).toBe(span?.spanContext().spanId);
  });

  test.each(['retried', 'dead'] as const)('that ends as %s is an error of this service', async (outcome) => {
    const fail = () => {
      throw new Error('no database');
    };
    const span = await attempt(fail, outcome);
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span?.attributes).toMatchObject({
      'hookproof.stage': 'work',
      'hookproof.outcome': outcome,
      'hookproof.attempt': 2,
      [semconv.ATTR_ERROR_TYPE]: 'handler_failed',
    });
    expect(span?.events).toEqual([]);
  });
});

import { createReceiver, grantex } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect, onTestFinished, test, vi } from 'vitest';
import { telemetry } from './index.ts';

const secret = 'a secret for tests';

const broken: Record<string, () => Parameters<typeof telemetry>[0]> = {
  'a tracer': () => ({
    tracerProvider: {
      getTracer: () => ({
        startSpan: () => expect.unreachable(),
        startActiveSpan: () => {
          throw new Error('no tracer');
        },
      }),
    },
  }),
  'a span processor': () => ({
    tracerProvider: new BasicTracerProvider({
      spanProcessors: [
        {
          onStart: () => undefined,
          onEnd: () => {
            throw new Error('no exporter');
          },
          forceFlush: async () => undefined,
          shutdown: async () => undefined,
        },
      ],
    }),
  }),
  'a meter': () => ({
    meterProvider: {
      getMeter: () => {
        throw new Error('no meter');
      },
    },
  }),
};

test.each(Object.entries(broken))('%s that fails changes no reply', async (_name, make) => {
  const logged = vi.spyOn(console, 'error').mockReturnValue(undefined);
  onTestFinished(() => logged.mockRestore());
  const handled = vi.fn();
  const receiver = createReceiver({
    provider: grantex(),
    secret,
    on: { '*': handled },
    wrap: telemetry(make()),
  });
  const { headers, body } = await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), { secret });
  expect(await receiver.receive({ headers, body })).toMatchObject({ status: 200, outcome: 'handled' });
  expect(handled).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(logged).toHaveBeenCalledOnce());
});

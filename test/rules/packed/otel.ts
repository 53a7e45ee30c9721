import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createReceiver, grantiva } from '@hookproof/core';
import { telemetry } from '@hookproof/otel';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { deliver, originOf, secret } from './deliver.ts';

const handled: string[] = [];
const receiver = createReceiver({
  provider: grantiva(),
  secret,
  on: { 'device.new': ({ data }) => handled.push(data.device_id) },
  onOutcome: () => undefined,
  wrap: telemetry(),
});

// The SDK starts after the receiver was made, as it does where imports are hoisted.
const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));

const server = createServer(async (request, response) => {
  const { method, headers } = request;
  const reply = await receiver.receive({ method, headers, body: await buffer(request) });
  response.writeHead(reply.status, reply.headers).end(reply.body);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
await deliver(originOf(server), handled);
server.close();

const spans = exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes['hookproof.outcome']]);
assert.deepEqual(spans, [
  ['process grantiva', 'handled'],
  ['process grantiva', 'duplicate'],
  ['process grantiva', 'signature_mismatch'],
]);

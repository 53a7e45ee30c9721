import { Writable } from 'node:stream';
import { createReceiver, grantex, type WorkOutcome } from '@hookproof/core';
import type { InboxReceiver } from '@hookproof/core/inbox';
import { signedDelivery } from '@hookproof/testing';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { inboxWith } from '../inbox-with.ts';
import { logTo } from './pino.ts';

const secret = 'MARKER-secret';

/** A logger, and the lines that it wrote. */
function logged() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()));
      done();
    },
  });
  const logger = pino({ base: null, timestamp: false, formatters: { level: (level) => ({ level }) } }, stream);
  return { logger, lines };
}

test('a line per delivery, with its level and its cause, and nothing of what was delivered', async () => {
  const { logger, lines } = logged();
  const receiver = createReceiver({
    provider: grantex(),
    secret,
    on: {
      'grant.revoked': () => undefined,
      'grant.created': () => {
        throw new Error('no database');
      },
    },
    onOutcome: logTo(logger),
  });
  const data = {
    grantId: 'MARKER-grant',
    cascade: false,
    agentId: 'MARKER',
    principalId: 'MARKER',
    scopes: ['MARKER'],
    expiresAt: 'MARKER',
  };
  const handled = await signedDelivery(grantex(), { id: 'evt_1', type: 'grant.revoked', data }, { secret });
  const failing = await signedDelivery(grantex(), { id: 'evt_2', type: 'grant.created', data }, { secret });
  const indented = new TextEncoder().encode(
    JSON.stringify(JSON.parse(new TextDecoder().decode(handled.body)), undefined, 2),
  );
  const altered = { headers: handled.headers, body: indented };
  for (const [index, { headers, body }] of [handled, altered, failing].entries()) {
    await receiver.receive({ headers: { ...headers, authorization: 'MARKER-header' }, body });
    await vi.waitFor(() => expect(lines).toHaveLength(index + 1));
  }

  const about = { provider: 'grantex', framework: 'fetch', durationMs: expect.any(Number) };
  expect(lines).toEqual([
    {
      ...about,
      level: 'info',
      outcome: 'handled',
      status: 200,
      type: 'grant.revoked',
      id: 'evt_1',
      bodyBytes: handled.body.byteLength,
      msg: 'webhook handled',
    },
    {
      ...about,
      level: 'warn',
      outcome: 'signature_mismatch',
      status: 401,
      bodyBytes: indented.byteLength,
      diagnosis: expect.objectContaining({ cause: 'body_reserialised', fix: expect.any(String) }),
      msg: expect.stringContaining('signature'),
    },
    {
      ...about,
      level: 'error',
      outcome: 'handler_failed',
      status: 500,
      type: 'grant.created',
      id: 'evt_2',
      bodyBytes: failing.body.byteLength,
      diagnosis: expect.objectContaining({ cause: 'handler_failed' }),
      err: expect.objectContaining({ message: 'no database' }),
      msg: expect.stringContaining('grant.created'),
    },
  ]);
  const text = JSON.stringify(lines);
  expect(text).not.toMatch(/marker/i);
  for (const { headers } of [handled, failing]) {
    for (const name of ['x-grantex-signature', 'x-grantex-signature-v2']) {
      expect(text).not.toContain(headers[name]?.slice('sha256='.length));
    }
  }
});

test('a line per attempt of the inbox, which is an error unless it is handled', async () => {
  const { logger, lines } = logged();
  let registered: InboxReceiver | undefined;
  const inbox = inboxWith({
    register: (receiver) => {
      registered = receiver;
    },
  });
  let broken = true;
  const handler = () => {
    if (broken) throw new Error('no database');
  };
  createReceiver({ provider: grantex(), secret, inbox, on: { '*': handler }, onOutcome: logTo(logger) });
  const data = { grantId: 'MARKER-grant', cascade: false };
  const { headers, body } = await signedDelivery(grantex(), { id: 'evt_1', type: 'grant.revoked', data }, { secret });
  const work = (attempt: number, ending: WorkOutcome) =>
    registered?.work({
      id: 'dlv_1',
      owner: undefined,
      headers: new Map(Object.entries(headers)),
      body,
      attempt,
      receivedAt: new Date(),
      timeoutMs: 1_000,
      failure: undefined,
      signal: new AbortController().signal,
      complete: () => undefined,
      settle: async (error) => ({ outcome: ending, error }),
    });
  await work(1, 'retried');
  broken = false;
  await work(2, 'handled');
  await vi.waitFor(() => expect(lines).toHaveLength(2));

  const about = {
    provider: 'grantex',
    framework: 'fetch',
    type: 'grant.revoked',
    id: 'evt_1',
    inboxId: 'dlv_1',
    bodyBytes: body.byteLength,
    durationMs: expect.any(Number),
  };
  expect(lines).toEqual([
    {
      ...about,
      level: 'error',
      outcome: 'retried',
      attempt: 1,
      err: expect.objectContaining({ message: 'no database' }),
      msg: expect.stringContaining('grant.revoked'),
    },
    { ...about, level: 'info', outcome: 'handled', attempt: 2, msg: 'webhook handled' },
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/marker/i);
});

import {
  grantex,
  grantiva,
  gravv,
  type Inbox,
  type Provider,
  standardWebhooks,
  type WebhookEvent,
  type WebhookOptions,
} from '@hookproof/core';
import { memoryInbox } from '@hookproof/inbox';
import { sampleTypes } from '@hookproof/testing';
import { type SimulatedAttempt, type SimulatorOptions, simulateProvider } from '@hookproof/testing/simulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { apps, type Serve } from './apps.ts';

const text = (name: string) => `a secret ${name}`;
const base64 = (name: string) => `whsec_${btoa(name.padEnd(32, '.'))}`;

/** Gravv's documents name no retries, so it is told to make some. */
const providers = [
  { provider: grantex(), secretOf: text, attempts: 5, behaviour: {}, signsTime: true },
  { provider: grantiva(), secretOf: text, attempts: 4, behaviour: {}, signsTime: false },
  { provider: gravv(), secretOf: text, attempts: 3, behaviour: { delaysMs: [1_000, 1_000] }, signsTime: false },
  { provider: standardWebhooks(), secretOf: base64, attempts: 8, behaviour: {}, signsTime: true },
] as const;

const withId = ['device.new', 'device.high_risk', 'attestation.completed'];

const cases = apps.flatMap(([framework, serve]) =>
  providers.map((one) => ({ ...one, framework, serve, name: one.provider.name })),
);

interface Desk {
  readonly serve: Serve;
  readonly provider: Provider;
  readonly secretOf: (name: string) => string;
  readonly behaviour: NonNullable<SimulatorOptions['behaviour']>;
}

/** An app behind an adapter, and the provider that sends to it. */
async function desk(
  { serve, provider, secretOf, behaviour }: Desk,
  handle: (event: WebhookEvent, signal: AbortSignal) => unknown,
  options: Partial<WebhookOptions<Provider, unknown, Inbox | undefined>> = {},
) {
  const secret = secretOf('one');
  const url = await serve(provider, {
    secret,
    on: { '*': (event: WebhookEvent, { signal }: { signal: AbortSignal }) => handle(event, signal) },
    onOutcome: () => undefined,
    ...options,
  });
  const sender = simulateProvider(provider, { url, secret, behaviour, speed: Number.POSITIVE_INFINITY });
  onTestFinished(sender.close);
  return sender;
}

/** Status and outcome of each attempt, as the log has them. */
function told(attempts: readonly SimulatedAttempt[]): string[] {
  return attempts.map(({ status, body, error }) => {
    const reply: { code?: string; outcome?: string } = body === '' ? {} : JSON.parse(body);
    return `${error ?? status} ${reply.code ?? reply.outcome}`;
  });
}

describe.each(cases)('$name to $framework:', (one) => {
  it('a handler that fails twice is called until it succeeds', async () => {
    const handled: string[] = [];
    let calls = 0;
    const sender = await desk(one, ({ type }) => {
      calls++;
      if (calls < 3) throw new Error('the database is down');
      handled.push(type);
    });
    const delivery = await sender.send();
    expect(delivery).toMatchObject({ state: 'delivered', retries: 2 });
    expect(told(delivery.attempts)).toEqual(['500 handler_failed', '500 handler_failed', '200 handled']);
    expect(handled).toEqual([delivery.type]);
  });

  it('a handler that always fails is called as often as the provider tries, and the log says why', async () => {
    let calls = 0;
    const sender = await desk(one, () => {
      calls++;
      throw new Error('the database is down');
    });
    const delivery = await sender.send();
    expect(delivery).toMatchObject({ state: 'failed', retries: one.attempts - 1 });
    expect(told(delivery.attempts)).toEqual(Array(one.attempts).fill('500 handler_failed'));
    expect(calls).toBe(one.attempts);
  });

  it('of copies that come at the same time one is handled', async () => {
    let calls = 0;
    const sender = await desk(one, async () => {
      calls++;
      await new Promise((resolve) => setImmediate(resolve));
    });
    const { state, attempts } = await sender.send(undefined, { faults: { copies: 8 } });
    expect(state).toBe('delivered');
    expect(calls).toBe(1);
    const outcomes = told(attempts);
    expect(outcomes.filter((outcome) => outcome === '200 handled')).toHaveLength(1);
    const others = outcomes.filter((outcome) => outcome !== '200 handled');
    expect(others.every((outcome) => ['200 duplicate', '409 busy'].includes(outcome))).toBe(true);
  });

  it('a wrong secret is refused each time, until it is put right', async () => {
    const handled: string[] = [];
    const sender = await desk(one, ({ type }) => handled.push(type));
    const faults = { wrongSecret: true, firstAttempts: 2 };
    const delivery = await sender.send(undefined, { faults });
    expect(told(delivery.attempts)).toEqual(['401 signature_mismatch', '401 signature_mismatch', '200 handled']);
    expect(handled).toEqual([delivery.type]);
  });

  it('a rotated secret is accepted by a receiver that knows both', async () => {
    const [old, next] = [one.secretOf('one'), one.secretOf('two')];
    const sender = await desk(one, () => undefined, { secret: [next, old] });
    const before = await sender.send();
    sender.rotateSecret(next);
    const after = await sender.send();
    sender.rotateSecret(one.secretOf('three'));
    const foreign = await sender.send();
    expect([before, after].map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    expect(told(foreign.attempts)).toEqual(Array(one.attempts).fill('401 signature_mismatch'));
  });

  it('what was tampered with, or has no signature, is refused', async () => {
    let calls = 0;
    const sender = await desk(one, () => calls++);
    for (const tamper of ['body', 'signature'] as const) {
      const { attempts } = await sender.send(undefined, { faults: { tamper } });
      expect(told(attempts)).toEqual(Array(one.attempts).fill('401 signature_mismatch'));
    }
    const { attempts } = await sender.send(undefined, { faults: { withoutSignature: true } });
    expect(told(attempts)).toEqual(Array(one.attempts).fill('401 missing_signature'));
    expect(calls).toBe(0);
  });

  it('a stale delivery is refused where the time is signed', async () => {
    const sender = await desk(one, () => undefined);
    const faults = { signedSecondsAgo: 600 };
    if (!one.signsTime) {
      await expect(sender.send(undefined, { faults })).rejects.toMatchObject({ code: 'invalid_options' });
      return;
    }
    const { attempts } = await sender.send(undefined, { faults });
    expect(told(attempts)).toEqual(Array(one.attempts).fill('401 stale_delivery'));
  });

  it('a body that is too slow is given up, and a cut one too; the next attempt is handled', async () => {
    const handled: string[] = [];
    const sender = await desk(one, ({ type }) => handled.push(type), { bodyTimeoutMs: 100 });
    const slow = await sender.send(undefined, { faults: { slowBodyMs: 20_000, firstAttempts: 1 } });
    const cut = await sender.send(undefined, { faults: { cutBody: true, firstAttempts: 1 } });
    expect(told(slow.attempts)).toEqual(['408 body_timeout', '200 handled']);
    expect(told(cut.attempts)).toEqual(['body_cut undefined', '200 handled']);
    expect(handled).toEqual([slow.type, cut.type]);
  });

  it('a handler that takes too long is a reason to try again', async () => {
    let calls = 0;
    const slow = (_event: WebhookEvent, signal: AbortSignal) => {
      calls++;
      if (calls > 1) return undefined;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const sender = await desk(one, slow, { timeoutMs: 50 });
    const { attempts } = await sender.send();
    expect(told(attempts)).toEqual(['503 handler_timeout', '200 handled']);
  });

  it('each event of a burst in another order is handled once', async () => {
    const handled: unknown[] = [];
    const sender = await desk(one, ({ envelope }) => handled.push(JSON.stringify(envelope)));
    // Of Grantiva those with an id in their data: others can be the same to the byte, and then are one event.
    const types = sampleTypes(one.provider).filter((type) => one.name !== 'grantiva' || withId.includes(type));
    const events = Array.from({ length: 500 }, (_, index) => types[index % types.length] ?? '');
    const deliveries = await sender.sendAll(events, { order: 'shuffled', concurrency: 20, faults: { copies: 2 } });
    expect(deliveries.map(({ type }) => type)).toEqual(events);
    expect(deliveries.every(({ state }) => state === 'delivered')).toBe(true);
    expect(new Set(handled).size).toBe(500);
    expect(handled).toHaveLength(500);
    expect(sender.log.map(({ type }) => type)).not.toEqual(events);
  }, 60_000);

  it('with an inbox it is stored, and handled after the reply', async () => {
    const inbox = memoryInbox({ work: false });
    onTestFinished(() => inbox.close());
    const handled: string[] = [];
    const sender = await desk(one, ({ type }) => handled.push(type), { inbox });
    const delivery = await sender.send(undefined, { faults: { copies: 3 } });
    expect(told(delivery.attempts).toSorted()).toEqual(['200 duplicate', '200 duplicate', '202 stored']);
    expect(handled).toEqual([]);
    expect(await inbox.drain()).toEqual({ handled: 1, retried: 0, dead: 0 });
    expect(handled).toEqual([delivery.type]);
  });
});

describe.each(apps)('a risk_alert of grantiva whose first reply was lost, on %s', (_framework, serve) => {
  it.each([
    ['signed', ['200 handled', '200 handled']],
    ['delivery', ['200 handled', '200 duplicate']],
  ] as const)('is built anew for its retry; with the key %s the attempts are %j', async (key, outcomes) => {
    let replies = 0;
    const delivers = () => {
      replies++;
      return replies > 1;
    };
    const one = { serve, provider: grantiva({ key }), secretOf: text, behaviour: { delivers } };
    const sender = await desk(one, () => undefined);
    const { attempts } = await sender.send('risk_alert');
    expect(told(attempts)).toEqual(outcomes);
  });
});

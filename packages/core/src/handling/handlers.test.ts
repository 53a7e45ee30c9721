import { createHmac } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { WebhookEvent } from '../event/event.ts';
import { signBody } from '../proof/sign.ts';
import type { Provider } from '../provider.ts';
import { grantex } from '../providers/grantex.ts';
import { grantiva } from '../providers/grantiva.ts';
import { gravv } from '../providers/gravv.ts';
import { standardWebhooks } from '../providers/standard-webhooks.ts';
import { createReceiver, type ReceiverOptions } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import type { HandlerContext } from './handlers.ts';

const secret = Buffer.alloc(32, 9).toString('base64');
const at = 1_795_216_193;

async function deliver<P extends Provider>(
  provider: P,
  event: object,
  options: Omit<ReceiverOptions<P, string>, 'provider' | 'secret'>,
  request = 'the request',
) {
  const reports: OutcomeReport[] = [];
  const receiver = createReceiver<P, string>({
    provider,
    secret,
    now: () => at * 1_000,
    onOutcome: (report) => reports.push(report),
    ...options,
  });
  const body = JSON.stringify(event);
  const headers = { 'X-Extra': 'yes', ...(await signBody(provider, { body, secret, id: 'msg_1', timestamp: at })) };
  const reply = await receiver.receive({ headers, body, request });
  return { reply, reports, body };
}

const highRisk = { event: 'device.high_risk', data: { device_id: 'd', risk_score: '82' } };
const created = (type: string) => ({ event: type, data: { device_id: 'd' } });

describe('an event reaches', () => {
  /** The names of the handlers that ran, in order. */
  async function ran(type: string, patterns: readonly string[], provider: Provider = grantiva()): Promise<string[]> {
    const names: string[] = [];
    const on = Object.fromEntries(patterns.map((pattern) => [pattern, () => names.push(pattern)]));
    const fields = { event: type, event_type: type, type };
    const data = { device_id: 'd', risk_score: 1, customer_id: 'c' };
    await deliver(provider, { ...fields, data, event_data: data }, { on });
    return names;
  }

  it('the handler of exactly its type', async () => {
    expect(await ran('device.new', ['device.new', 'device.high_risk'])).toEqual(['device.new']);
  });

  it('the handlers of a pattern that its type is below', async () => {
    expect(await ran('device.new', ['device.*', 'subscription.*'])).toEqual(['device.*']);
    expect(await ran('device.attested.first', ['device.attested.*', 'device.*'])).toEqual([
      'device.attested.*',
      'device.*',
    ]);
  });

  it('no handler of a pattern that its type only looks like', async () => {
    expect(await ran('device_blocked', ['device.*'])).toEqual([]);
    expect(await ran('attestation.completed', ['device.*'])).toEqual([]);
  });

  it('the handlers of *', async () => {
    expect(await ran('device.new', ['*'])).toEqual(['*']);
  });

  it('all of them in the order in which they are written', async () => {
    const patterns = ['*', 'device.*', 'device.new'];
    expect(await ran('device.new', patterns)).toEqual(patterns);
    expect(await ran('device.new', patterns.toReversed())).toEqual(patterns.toReversed());
  });

  it('only * if its type is unknown, even where a pattern looks like it', async () => {
    expect(await ran('device.stolen', ['device.*', '*', 'device.new'])).toEqual(['*']);
    expect(await ran('device', ['device.*', '*'])).toEqual(['*']);
    expect(await ran('device.', ['device.*', '*'])).toEqual(['*']);
    expect(await ran('*', ['device.*', '*'])).toEqual(['*']);
    expect(await ran('device.*', ['device.*', '*'])).toEqual(['*']);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'device.constructor'])(
    'only * if its type is %s',
    async (type) => {
      expect(await ran(type, ['device.new', 'device.*', '*'])).toEqual(['*']);
      expect(await ran(type, ['device.new', 'device.*'])).toEqual([]);
    },
  );

  it('the handler of a type in a family, and that of the family', async () => {
    const patterns = ['customer.kyc.status.approved', 'customer.kyc.status.rejected', 'customer.kyc.status.*'];
    expect(await ran('customer.kyc.status.approved', patterns, gravv())).toEqual([
      'customer.kyc.status.approved',
      'customer.kyc.status.*',
    ]);
  });

  it('any handler that names it, where the provider declares no types', async () => {
    const patterns = ['user.created', 'user.*', 'user.deleted', '*'];
    expect(await ran('user.created', patterns, standardWebhooks())).toEqual(['user.created', 'user.*', '*']);
    expect(await ran('constructor', ['constructor'], standardWebhooks())).toEqual(['constructor']);
    expect(await ran('toString', ['constructor'], standardWebhooks())).toEqual([]);
  });

  it('nobody, which is ignored and answered 200', async () => {
    const { reply, reports } = await deliver(grantiva(), highRisk, { on: { 'device.new': () => {} } });
    expect(reply).toMatchObject({ outcome: 'ignored', status: 200 });
    expect(reports[0]).toMatchObject({ type: 'device.high_risk', error: undefined });
  });

  it('nobody, where the list of handlers is empty or undefined', async () => {
    const on = { 'device.high_risk': [], 'device.*': undefined };
    expect((await deliver(grantiva(), highRisk, { on })).reply.outcome).toBe('ignored');
  });
});

describe('several handlers', () => {
  it('of one type run one after the other, in their order', async () => {
    const steps: string[] = [];
    const step = (name: string) => async () => {
      steps.push(`${name} starts`);
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`${name} ends`);
    };
    const on = { 'device.high_risk': [step('one'), step('two')], '*': step('three') };
    expect((await deliver(grantiva(), highRisk, { on })).reply.outcome).toBe('handled');
    expect(steps).toEqual(['one starts', 'one ends', 'two starts', 'two ends', 'three starts', 'three ends']);
  });

  it('stop at the first that throws', async () => {
    const first = vi.fn();
    const boom = new Error('boom');
    const throws = () => {
      throw boom;
    };
    const after = vi.fn();
    const on = { 'device.high_risk': [first, throws, after], '*': after };
    const { reply, reports } = await deliver(grantiva(), highRisk, { on });
    expect(reply).toMatchObject({ outcome: 'handler_failed', status: 500 });
    expect(reports[0]?.error).toMatchObject({ code: 'handler_failed', cause: boom });
    expect(first).toHaveBeenCalledOnce();
    expect(after).not.toHaveBeenCalled();
  });

  it('stop at the first that rejects, whatever it rejects with', async () => {
    for (const reason of [new Error('boom'), 'text', undefined, null]) {
      const after = vi.fn();
      const on = { 'device.high_risk': [() => Promise.reject(reason), after] };
      const { reply, reports } = await deliver(grantiva(), highRisk, { on });
      expect(reply.outcome).toBe('handler_failed');
      expect(reports[0]?.error?.cause).toBe(reason);
      expect(after).not.toHaveBeenCalled();
    }
  });

  it('are read when the receiver is made', async () => {
    const [early, late] = [vi.fn(), vi.fn()];
    const on: Record<string, () => void> = { 'device.high_risk': early };
    const receiver = createReceiver({ provider: grantiva(), secret, on });
    on['device.high_risk'] = late;
    on['*'] = late;
    const body = JSON.stringify(highRisk);
    const mac = createHmac('sha256', secret).update(body).digest('hex');
    await receiver.receive({ headers: { 'x-grantiva-signature': `sha256=${mac}` }, body });
    expect(early).toHaveBeenCalledOnce();
    expect(late).not.toHaveBeenCalled();
  });
});

describe('a handler gets', () => {
  it('the event, and the same one that every other handler gets', async () => {
    const events: WebhookEvent[] = [];
    const keep = (event: WebhookEvent) => void events.push(event);
    await deliver(grantiva(), highRisk, { on: { 'device.high_risk': keep, '*': keep } });
    expect(events[0]).toEqual({
      provider: 'grantiva',
      id: undefined,
      type: 'device.high_risk',
      timestamp: undefined,
      data: { device_id: 'd', risk_score: 82 },
      envelope: highRisk,
    });
    expect(events[1]).toBe(events[0]);
  });

  it('the delivery with the raw bytes that were verified and every header, the key, and the request', async () => {
    const contexts: HandlerContext<string>[] = [];
    const event = { id: 'evt_1', type: 'grant.revoked', createdAt: '', data: { grantId: 'g', cascade: true } };
    const { body } = await deliver(grantex(), event, { on: { '*': (_event, context) => contexts.push(context) } });
    const [context] = contexts;
    expect(Buffer.from(context?.delivery.body ?? '').toString()).toBe(body);
    expect(context?.delivery.headers.get('x-extra')).toBe('yes');
    expect(context?.delivery.headers.get('x-grantex-timestamp')).toBe(String(at));
    expect(context?.delivery.id).toBeUndefined();
    expect(context?.key).toBe('evt_1');
    expect(context?.request).toBe('the request');
    expect(context?.signal.aborted).toBe(false);
  });

  it('the Request where it came through fetch', async () => {
    const requests: Request[] = [];
    const body = JSON.stringify(created('device.new'));
    const headers = await signBody(grantiva(), { body, secret, id: '', timestamp: at });
    const receiver = createReceiver({
      provider: grantiva(),
      secret,
      on: { 'device.new': (_event, { request }) => void requests.push(request) },
    });
    const request = new Request('http://localhost/hooks?tenant=1', { method: 'POST', headers, body });
    expect((await receiver.fetch(request)).status).toBe(200);
    expect(requests).toEqual([request]);
    expect(requests[0]?.url).toBe('http://localhost/hooks?tenant=1');
  });

  it('no hearing unless the delivery is genuine', async () => {
    const handler = vi.fn();
    const receiver = createReceiver({ provider: grantiva(), secret, on: { '*': handler } });
    const body = JSON.stringify(highRisk);
    const headers = { 'x-grantiva-signature': `sha256=${'0'.repeat(64)}` };
    expect((await receiver.receive({ headers, body })).outcome).toBe('signature_mismatch');
    expect(handler).not.toHaveBeenCalled();
  });
});

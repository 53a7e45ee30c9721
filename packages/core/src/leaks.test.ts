import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeliveryInput, Outcome } from './handling/progress.ts';
import type { Provider } from './provider.ts';
import { grantex } from './providers/grantex.ts';
import { createReceiver, type ReceiverOptions } from './receiver.ts';
import type { OutcomeReport } from './report/outcome.ts';

// Everything secret or foreign in these deliveries says LEAK.
const secret = 'LEAK-secret';
const at = 1_795_216_193;
const body = JSON.stringify({
  id: 'evt_LEAK',
  type: 'grant.revoked',
  createdAt: 'LEAK-created',
  data: { grantId: 'LEAK-data', cascade: true, LEAK: 'LEAK' },
});
const sign = (text: string | Uint8Array) => createHmac('sha256', secret).update(`${at}.`).update(text).digest('hex');
const genuine = (text: string | Uint8Array) => ({
  'x-grantex-signature-v2': `sha256=${sign(text)}`,
  'x-grantex-timestamp': String(at),
  'x-other': 'LEAK-header',
});
const throwing = (what: string) => () => {
  throw Object.assign(new Error(`LEAK-${what}`), { code: 'LEAK', statusCode: 418 });
};
const never = () => new Promise<never>(() => {});

interface Case {
  readonly outcome: Outcome;
  readonly what: string;
  readonly delivery?: Partial<DeliveryInput<string>>;
  readonly options?: Partial<ReceiverOptions<Provider, string>>;
  /** The error carries on what the operator's own code threw; everywhere else nothing foreign may be in it at all. */
  readonly ownCause?: true;
}

const wrongData = (data: object) => {
  const text = JSON.stringify({ id: 'evt_LEAK', type: 'grant.revoked', data });
  return { body: text, headers: genuine(text) };
};
const raw = (value: string | Uint8Array) => ({ body: value, headers: genuine(value) });
const notUtf8 = Buffer.concat([Buffer.from('{"LEAK":"'), Buffer.from([0xff]), Buffer.from('"}')]);

const cases: readonly Case[] = [
  { outcome: 'handled', what: 'a handled event' },
  { outcome: 'ignored', what: 'an event nobody wants', options: { on: {} } },
  { outcome: 'missing_signature', what: 'no signature', delivery: { headers: { 'x-other': 'LEAK-header' } } },
  {
    outcome: 'malformed_signature',
    what: 'junk for a signature',
    delivery: { headers: { ...genuine(body), 'x-grantex-signature-v2': 'LEAK-signature' } },
  },
  {
    outcome: 'malformed_signature',
    what: 'junk for a timestamp',
    delivery: { headers: { ...genuine(body), 'x-grantex-timestamp': 'LEAK-timestamp' } },
  },
  { outcome: 'signature_mismatch', what: 'a changed body', delivery: { body: `${body} ` } },
  { outcome: 'signature_mismatch', what: 'another secret', options: { secret: 'LEAK-another' } },
  { outcome: 'signature_mismatch', what: 'a secret with a line break', options: { secret: `${secret}\n` } },
  { outcome: 'signature_mismatch', what: 'no body', delivery: { body: '' } },
  {
    outcome: 'missing_signature',
    what: 'the older signature alone',
    delivery: { headers: { 'x-grantex-signature': `sha256=${sign('LEAK')}`, 'x-other': 'LEAK-header' } },
  },
  {
    outcome: 'malformed_signature',
    what: 'a signature without its prefix',
    delivery: { headers: { ...genuine(body), 'x-grantex-signature-v2': sign(body) } },
  },
  {
    outcome: 'malformed_signature',
    what: 'a signature that is cut off',
    delivery: { headers: { ...genuine(body), 'x-grantex-signature-v2': `sha256=${sign(body).slice(0, 40)}` } },
  },
  { outcome: 'stale_delivery', what: 'an old delivery', options: { now: () => (at + 999) * 1_000 } },
  { outcome: 'method_not_allowed', what: 'another method', delivery: { method: 'LEAK' } },
  {
    outcome: 'unsupported_encoding',
    what: 'an encoding',
    delivery: { headers: { ...genuine(body), 'content-encoding': 'LEAK' } },
  },
  { outcome: 'body_too_large', what: 'a large body', options: { maxBodyBytes: 5 } },
  { outcome: 'body_timeout', what: 'a slow body', delivery: { body: never }, options: { bodyTimeoutMs: 5 } },
  { outcome: 'body_incomplete', what: 'a broken body', delivery: { body: throwing('reader') }, ownCause: true },
  { outcome: 'body_consumed', what: 'a parsed body', delivery: { body: JSON.parse(body) } },
  { outcome: 'invalid_body', what: 'a body that is not JSON', delivery: raw('{"a": LEAK') },
  { outcome: 'invalid_body', what: 'a body that is no UTF-8', delivery: raw(notUtf8) },
  { outcome: 'invalid_event', what: 'JSON that is no object', delivery: raw('"LEAK"') },
  { outcome: 'invalid_event', what: 'an object that is no event', delivery: raw('{"LEAK":"LEAK"}') },
  { outcome: 'invalid_event', what: 'a type that is not text', delivery: raw('{"type":["LEAK"]}') },
  { outcome: 'invalid_event', what: 'a long type', delivery: raw(`{"type":"${'LEAK'.repeat(100)}"}`) },
  { outcome: 'invalid_event', what: 'an id that is not text', delivery: raw('{"type":"a","id":{"LEAK":1}}') },
  { outcome: 'invalid_event', what: 'data of another kind', delivery: wrongData({ grantId: ['LEAK'], LEAK: 1 }) },
  {
    outcome: 'handler_failed',
    what: 'a failing handler',
    options: { on: { '*': throwing('handler') } },
    ownCause: true,
  },
  {
    outcome: 'handler_timeout',
    what: 'a slow handler',
    options: { on: { 'grant.revoked': never }, timeoutMs: 5 },
  },
  { outcome: 'secret_unavailable', what: 'a failing vault', options: { secret: throwing('vault') }, ownCause: true },
  { outcome: 'secret_unavailable', what: 'an unusable secret', options: { secret: () => ['LEAK', ''] } },
  {
    outcome: 'claims_unavailable',
    what: 'a failing store',
    options: { dedupe: { claim: throwing('store') } },
    ownCause: true,
  },
];

async function play({ delivery, options }: Case) {
  const reports: OutcomeReport[] = [];
  const receiver = createReceiver<Provider, string>({
    provider: grantex({ signature: 'v2' }),
    secret,
    now: () => at * 1_000,
    on: { '*': () => {} },
    onOutcome: (report) => reports.push(report),
    ...options,
  });
  return { reply: await receiver.receive({ headers: genuine(body), body, ...delivery }), reports };
}

/** Every 16 characters of a text that stand together. */
function partsOf(text: string): readonly string[] {
  return Array.from({ length: text.length - 15 }, (_, start) => text.slice(start, start + 16));
}

describe('nothing that is secret or foreign leaves with', () => {
  const log = vi.spyOn(console, 'error');
  beforeEach(() => void log.mockReset().mockImplementation(() => {}));

  it.each(cases)('$outcome, for $what', async (test) => {
    const { reply, reports } = await play(test);
    expect(reply.outcome).toBe(test.outcome);

    const answered = JSON.stringify(reply);
    expect(answered).not.toContain('LEAK');
    expect(answered).not.toContain(sign(body));
    expect(answered).not.toContain(String(at));

    const [report] = reports;
    expect(reports).toHaveLength(1);
    expect(String(report?.error)).not.toContain('LEAK');
    expect(String(report?.error)).not.toContain(sign(body));
    // All that can be seen of an error, its stack and causes too. Only the id and the key of a genuine event stay.
    if (test.ownCause === undefined) expect(inspect(report?.error, { depth: 20 })).not.toContain('LEAK');
    if (reply.status === 401) expect(inspect(report, { depth: 20 })).not.toContain('LEAK');

    const diagnosis = JSON.stringify((await report?.diagnose?.()) ?? null);
    expect(diagnosis).not.toContain('LEAK');
    expect(partsOf(sign(body)).filter((part) => diagnosis.includes(part))).toEqual([]);
  });
});

describe('a key of an unusual event', () => {
  it('is told to the operator, and never to the sender', async () => {
    const { reply, reports } = await play({ outcome: 'handled', what: 'a handled event' });
    expect(reports[0]?.key).toBe('evt_LEAK');
    expect(JSON.stringify(reply)).not.toContain('evt_');
  });
});

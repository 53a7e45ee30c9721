import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cryptography } from '../proof/crypto.ts';
import { signBody } from '../proof/sign.ts';
import { grantex } from '../providers/grantex.ts';
import { createReceiver } from '../receiver.ts';
import type { OnOutcome, OutcomeReport } from '../report/outcome.ts';
import { diagnoseDelivery } from '../verify.ts';

const secret = 'a secret for tests';
const body = '{"id":"evt_1","type":"grant.revoked","data":{"grantId":"grnt_1","cascade":true}}';
const sign = (signed = body) =>
  signBody(grantex(), { body: signed, secret, id: '', timestamp: Math.floor(Date.now() / 1000) });

// Each step that costs something, in the order in which it was taken.
const steps: string[] = [];
const { hmac } = cryptography;

beforeEach(() => {
  steps.length = 0;
  vi.spyOn(cryptography, 'hmac').mockImplementation((algorithm, key) => {
    const made = Promise.resolve(hmac(algorithm, key));
    return async (before, signed, encoding) => {
      steps.push('hmac');
      return (await made)(before, signed, encoding);
    };
  });
});
afterEach(() => vi.restoreAllMocks());

/** A receiver whose deliveries are rejected, because something wrote the body anew. */
function rejecting(onOutcome: OnOutcome) {
  const secretFunction = vi.fn(() => secret);
  const receiver = createReceiver({ provider: grantex(), secret: secretFunction, on: {}, onOutcome });
  const deliver = async () => {
    const headers = await sign();
    steps.length = 0;
    return receiver.receive({ headers, body: JSON.stringify(JSON.parse(body), undefined, 2) });
  };
  return { deliver, secretFunction };
}

describe('diagnose() of a report', () => {
  it('costs nothing until it is called', async () => {
    const { deliver, secretFunction } = rejecting(() => {});
    await deliver();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(steps).toEqual(['hmac']);
    expect(secretFunction).toHaveBeenCalledOnce();
  });

  it('leaves the reply its turn, even if it is called at once', async () => {
    let diagnosed: Promise<unknown> | undefined;
    const { deliver } = rejecting(({ diagnose }) => {
      steps.push('report');
      diagnosed = diagnose?.().then(({ cause }) => steps.push(cause));
    });
    await deliver().then(() => steps.push('reply'));
    expect(steps).toEqual(['hmac', 'report', 'reply']);
    await diagnosed;
    expect(steps.slice(0, 4)).toEqual(['hmac', 'report', 'reply', 'hmac']);
    expect(steps.at(-1)).toBe('body_reserialised');
  });

  it('is made once, however often it is called', async () => {
    const reports: OutcomeReport[] = [];
    const { deliver, secretFunction } = rejecting((report) => reports.push(report));
    await deliver();
    const first = await reports[0]?.diagnose?.();
    const computed = steps.length;
    expect(await reports[0]?.diagnose?.()).toBe(first);
    expect(first?.cause).toBe('body_reserialised');
    expect(steps).toHaveLength(computed);
    // The secrets are those by which it was rejected.
    expect(secretFunction).toHaveBeenCalledOnce();
  });

  it('is not there for what was accepted, nor for what another delivery is busy with', async () => {
    const diagnoses = new Map<string, unknown>();
    let finish = () => {};
    const receiver = createReceiver({
      provider: grantex(),
      secret,
      on: { '*': () => new Promise<void>((resolve) => (finish = resolve)) },
      onOutcome: ({ outcome, diagnose }) => diagnoses.set(outcome, diagnose),
    });
    const headers = await sign();
    const first = receiver.receive({ headers, body });
    await vi.waitFor(async () => expect((await receiver.receive({ headers, body })).outcome).toBe('busy'));
    finish();
    await first;
    await receiver.receive({ headers, body });
    expect([...diagnoses]).toEqual([
      ['busy', undefined],
      ['handled', undefined],
      ['duplicate', undefined],
    ]);
  });

  it('is prepared without trust in the clock of the options', async () => {
    const now = () => {
      throw new Error('no clock');
    };
    const receiver = createReceiver({ provider: grantex(), secret, on: {}, onOutcome: () => {}, now });
    expect((await receiver.receive({ headers: {}, body })).outcome).toBe('missing_signature');
    const forged = { 'x-grantex-signature': `sha256=${'0'.repeat(64)}` };
    expect((await receiver.receive({ headers: forged, body })).outcome).toBe('signature_mismatch');
  });

  it('asks a secret function that was not asked, and finds what it can where that fails', async () => {
    const reports: OutcomeReport[] = [];
    const secretFunction = vi.fn((): string => secret);
    const onOutcome = (report: OutcomeReport) => reports.push(report);
    const receiver = createReceiver({ provider: grantex(), secret: secretFunction, on: {}, onOutcome });
    const signed = await signBody(grantex({ signature: 'v1' }), { body, secret, id: '', timestamp: 0 });
    const headers = { 'x-grantex-signature': signed['x-grantex-signature']?.toUpperCase() ?? '' };
    await receiver.receive({ headers, body });
    await receiver.receive({ headers, body });
    expect(secretFunction).not.toHaveBeenCalled();
    expect(await reports[0]?.diagnose?.()).toMatchObject({ cause: 'prefix_case', evidence: { fits: 'yes' } });
    secretFunction.mockImplementationOnce(() => {
      throw new Error('no vault');
    });
    expect(await reports[1]?.diagnose?.()).toMatchObject({ cause: 'prefix_case', evidence: { fits: 'not tried' } });
  });
});

describe('the diagnoses of a receiver', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  const causesOf = async (times: number, deliver: () => Promise<unknown>, reports: OutcomeReport[]) => {
    reports.length = 0;
    for (let time = 0; time < times; time++) await deliver();
    const diagnoses = await Promise.all(reports.map((report) => report.diagnose?.()));
    return diagnoses.map((diagnosis) => diagnosis?.cause);
  };

  it('are thirty a minute, and each receiver has its own', async () => {
    const reports: OutcomeReport[] = [];
    const one = rejecting((report) => reports.push(report));
    const another = rejecting((report) => reports.push(report));
    const thirty = Array(30).fill('body_reserialised');
    expect(await causesOf(32, one.deliver, reports)).toEqual([...thirty, 'too_many_diagnoses', 'too_many_diagnoses']);
    expect(await causesOf(1, another.deliver, reports)).toEqual(['body_reserialised']);
    vi.advanceTimersByTime(59_999);
    expect(await causesOf(1, one.deliver, reports)).toEqual(['too_many_diagnoses']);
    vi.advanceTimersByTime(1);
    expect(await causesOf(31, one.deliver, reports)).toEqual([...thirty, 'too_many_diagnoses']);
  });

  it('count only what must be searched for', async () => {
    const reports: OutcomeReport[] = [];
    const { receive } = createReceiver({ provider: grantex(), secret, on: {}, onOutcome: (one) => reports.push(one) });
    for (let time = 0; time < 40; time++) await receive({ method: 'GET', headers: {}, body: '' });
    await receive({ headers: {}, body });
    const diagnoses = await Promise.all(reports.map(({ diagnose }) => diagnose?.()));
    const found = diagnoses.map((diagnosis) => diagnosis?.cause);
    expect(found).toEqual([...Array(40).fill('method_not_allowed'), 'signature_absent']);
  });

  it('do not count until they are called', async () => {
    const reports: OutcomeReport[] = [];
    const { deliver } = rejecting((report) => reports.push(report));
    for (let time = 0; time < 40; time++) await deliver();
    expect(await reports.at(-1)?.diagnose?.()).toMatchObject({ cause: 'body_reserialised' });
  });
});

describe('diagnoseDelivery', () => {
  it('finds nothing wrong with a genuine delivery', async () => {
    expect(await diagnoseDelivery(grantex(), { headers: await sign(), body, secret })).toBeUndefined();
  });

  it('says why one is refused', async () => {
    const headers = await sign(`${body}\n`);
    expect(await diagnoseDelivery(grantex(), { headers, body, secret })).toMatchObject({ cause: 'body_final_newline' });
    expect(await diagnoseDelivery(grantex(), { headers: {}, body, secret })).toMatchObject({
      cause: 'signature_absent',
    });
  });

  it('reads the clock once', async () => {
    const now = vi.fn(() => Date.now() + 3_600_000);
    const diagnosis = await diagnoseDelivery(grantex(), { headers: await sign(), body, secret, now });
    expect(diagnosis).toMatchObject({ cause: 'timestamp_stale', evidence: { toleranceSeconds: 300 } });
    expect(now).toHaveBeenCalledOnce();
  });

  it('names the option that is wrong', async () => {
    const given = { headers: await sign(), body, secret };
    const cases = [
      [grantex, given],
      [grantex(), { ...given, secret: '' }],
      [grantex(), { ...given, secret: [] }],
      [grantex(), { ...given, toleranceSeconds: -1 }],
    ] as const;
    for (const [provider, options] of cases) {
      // @ts-expect-error: a factory in place of a provider is wrong for the compiler too
      await expect(diagnoseDelivery(provider, options)).rejects.toMatchObject({ code: 'invalid_options' });
    }
  });

  it('says that a parsed body is one', async () => {
    const given = { headers: await sign(), body: JSON.parse(body), secret };
    expect(await diagnoseDelivery(grantex(), given)).toMatchObject({
      cause: 'body_consumed',
      fix: expect.stringContaining('never text or a parsed object'),
    });
  });
});

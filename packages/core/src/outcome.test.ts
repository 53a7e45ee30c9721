import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OnOutcome, OutcomeReport } from './outcome.ts';
import { grantiva } from './providers/grantiva.ts';
import { createReceiver } from './receiver.ts';
import { signBody } from './sign.ts';

const secret = 'a secret for tests';
const body = '{"event":"webhook.test","data":{},"timestamp":"2026-11-20T23:09:31Z"}';

async function deliver(
  options: { onOutcome?: OnOutcome; on?: () => unknown; framework?: string },
  headers?: Record<string, string>,
) {
  const { on = () => {}, ...rest } = options;
  const receiver = createReceiver({ provider: grantiva(), secret, on: { '*': on }, ...rest });
  const signed = await signBody(grantiva(), { body, secret, id: '', timestamp: 0 });
  return receiver.receive({ headers: headers ?? signed, body });
}

const fail = () => {
  throw new Error('boom');
};

const log = vi.spyOn(console, 'error');
beforeEach(() => void log.mockReset().mockImplementation(() => {}));
afterEach(() => void log.mockReset());

describe('onOutcome', () => {
  it('is called once per delivery', async () => {
    const onOutcome = vi.fn<OnOutcome>();
    await deliver({ onOutcome });
    await deliver({ onOutcome }, {});
    expect(onOutcome.mock.calls.map(([report]) => report.outcome)).toEqual(['handled', 'missing_signature']);
  });

  it('is called before the reply is there', async () => {
    const steps: string[] = [];
    await deliver({ onOutcome: () => steps.push('report') }).then(() => steps.push('reply'));
    expect(steps).toEqual(['report', 'reply']);
  });

  it('hears how long it took, in milliseconds of the monotonic clock', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      vi.advanceTimersByTime(1_000);
      const reports: OutcomeReport[] = [];
      const on = () => void vi.advanceTimersByTime(1_500);
      await deliver({ on, onOutcome: (report) => reports.push(report) });
      expect(reports[0]?.durationMs).toBe(1_500);
    } finally {
      vi.useRealTimers();
    }
  });

  it('hears the name of the adapter', async () => {
    const reports: OutcomeReport[] = [];
    await deliver({ framework: 'express', onOutcome: (report) => reports.push(report) });
    await deliver({ onOutcome: (report) => reports.push(report) });
    expect(reports.map(({ framework }) => framework)).toEqual(['express', 'fetch']);
  });

  it.each<[what: string, onOutcome: OnOutcome]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('that %s changes no reply, and is logged', async (_what, onOutcome) => {
    expect(await deliver({ onOutcome })).toMatchObject({ outcome: 'handled', status: 200 });
    await vi.waitFor(() => expect(log).toHaveBeenCalledWith('hookproof: onOutcome failed:', expect.any(Error)));
  });

  it('that never resolves holds up no reply', async () => {
    expect((await deliver({ onOutcome: () => new Promise(() => {}) })).outcome).toBe('handled');
  });

  it('is all there is where it is set: nothing else is logged', async () => {
    await deliver({ onOutcome: () => {}, on: fail });
    expect(log).not.toHaveBeenCalled();
  });
});

describe('without onOutcome', () => {
  it('what the operator has to mend is logged, with its cause', async () => {
    await deliver({ on: fail });
    expect(log).toHaveBeenCalledOnce();
    expect(log).toHaveBeenCalledWith('hookproof:', expect.objectContaining({ code: 'handler_failed' }));
  });

  it('what was handled but not recorded is logged', async () => {
    const receiver = createReceiver({
      provider: grantiva(),
      secret,
      on: { '*': () => {} },
      dedupe: { claim: () => ({ state: 'taken', done: fail, release: () => {} }) },
    });
    const headers = await signBody(grantiva(), { body, secret, id: '', timestamp: 0 });
    expect((await receiver.receive({ headers, body })).outcome).toBe('handled');
    expect(log).toHaveBeenCalledWith('hookproof:', expect.objectContaining({ code: 'claims_unavailable' }));
  });

  it('what a sender did wrong is not: anyone could fill the log', async () => {
    await deliver({}, {});
    await deliver({}, { 'x-grantiva-signature': 'junk' });
    await deliver({}, { 'x-grantiva-signature': `sha256=${'0'.repeat(64)}` });
    expect(log).not.toHaveBeenCalled();
  });

  it('what went well is not', async () => {
    await deliver({});
    expect(log).not.toHaveBeenCalled();
  });
});

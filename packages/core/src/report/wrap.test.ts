import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signBody } from '../proof/sign.ts';
import { grantiva } from '../providers/grantiva.ts';
import { createReceiver } from '../receiver.ts';
import type { OnOutcome, OutcomeReport, Wrap } from './outcome.ts';

const secret = 'a secret for tests';
const body = '{"event":"webhook.test","data":{},"timestamp":"2026-11-20T23:09:31Z"}';

const fail = () => {
  throw new Error('boom');
};

const log = vi.spyOn(console, 'error');
beforeEach(() => void log.mockReset().mockImplementation(() => {}));
afterEach(() => void log.mockReset());

describe('wrap', () => {
  const about = { stage: 'receive', provider: 'grantiva', framework: 'fetch' };

  async function deliverWithin(wrap: Wrap) {
    const on = vi.fn();
    const reports: OutcomeReport[] = [];
    const onOutcome: OnOutcome = (report) => reports.push(report);
    const receiver = createReceiver({
      provider: grantiva(),
      secret,
      on: { '*': on },
      dedupe: false,
      wrap,
      onOutcome,
    });
    const headers = await signBody(grantiva(), { body, secret, id: '', timestamp: 0 });
    expect(await receiver.receive({ headers, body })).toMatchObject({ outcome: 'handled', status: 200 });
    expect(on).toHaveBeenCalledOnce();
    expect(reports).toHaveLength(1);
    return reports[0];
  }

  it('is called once, hears who delivers, and gets the report that onOutcome gets', async () => {
    const told: unknown[] = [];
    const wrap = vi.fn<Wrap>(async (receive) => told.push(await receive()));
    const report = await deliverWithin(wrap);
    expect(wrap.mock.calls.map(([, who]) => who)).toEqual([about]);
    expect(told).toEqual([report]);
  });

  it('runs around the handlers', async () => {
    const steps: string[] = [];
    const wrap: Wrap = async (receive) => {
      steps.push('before');
      await receive();
      steps.push('after');
    };
    const receiver = createReceiver({ provider: grantiva(), secret, on: { '*': () => steps.push('handler') }, wrap });
    await receiver.receive({ headers: await signBody(grantiva(), { body, secret, id: '', timestamp: 0 }), body });
    expect(steps).toEqual(['before', 'handler', 'after']);
  });

  it.each<[what: string, wrap: Wrap]>([
    ['rewrites the report', async (receive) => Object.assign(await receive(), { outcome: 'busy' })],
    ['throws before it calls', fail],
    [
      'throws after it called',
      (receive) => {
        void receive();
        fail();
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['rejects after it called', (receive) => receive().then(fail)],
  ])('that %s changes nothing, and is logged', async (_what, wrap) => {
    await deliverWithin(wrap);
    await vi.waitFor(() =>
      expect(log).toHaveBeenCalledWith('hookproof: wrap failed:', expect.stringMatching(/^\w*Error: .+\n {4}at /)),
    );
  });

  it.each<[what: string, wrap: Wrap]>([
    ['never calls', () => {}],
    ['never ends', () => new Promise(() => {})],
    ['calls twice', (receive) => Promise.all([receive(), receive()])],
  ])('that %s changes nothing', async (_what, wrap) => {
    await deliverWithin(wrap);
    expect(log).not.toHaveBeenCalled();
  });

  it('that calls late gets the report of what is done already', async () => {
    let late: (() => Promise<OutcomeReport>) | undefined;
    const report = await deliverWithin((receive) => {
      late = receive;
    });
    expect(await late?.()).toBe(report);
  });
});

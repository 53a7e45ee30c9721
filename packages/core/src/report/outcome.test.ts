import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusal } from '../error.ts';
import { signBody } from '../proof/sign.ts';
import { grantiva } from '../providers/grantiva.ts';
import { createReceiver } from '../receiver.ts';
import type { OnOutcome, OutcomeReport } from './outcome.ts';

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

  it('hears which secret of the list fits, and of none where none does', async () => {
    const reports: OutcomeReport[] = [];
    const onOutcome: OnOutcome = (report) => reports.push(report);
    const receiver = createReceiver({ provider: grantiva(), secret: ['a new one', secret], on: {}, onOutcome });
    const headers = await signBody(grantiva(), { body, secret, id: '', timestamp: 0 });
    await receiver.receive({ headers, body });
    await receiver.receive({ headers, body: `${body} ` });
    expect(reports.map(({ outcome, secretIndex }) => [outcome, secretIndex])).toEqual([
      ['ignored', 1],
      ['signature_mismatch', undefined],
    ]);
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
    await vi.waitFor(() =>
      expect(log).toHaveBeenCalledWith('hookproof: onOutcome failed:', expect.stringMatching(/^Error: boom\n {4}at /)),
    );
  });

  it('that rewrites its report changes no reply', async () => {
    const rewrite = (report: OutcomeReport) => Object.assign(report, { outcome: 'handled', status: 200 });
    const strip = (report: OutcomeReport) => void Reflect.deleteProperty(report, 'outcome');
    for (const onOutcome of [rewrite, strip]) {
      expect(await deliver({ onOutcome }, {})).toMatchObject({ outcome: 'missing_signature', status: 401 });
    }
  });

  it('that never resolves holds up no reply', async () => {
    expect((await deliver({ onOutcome: () => new Promise(() => {}) })).outcome).toBe('handled');
  });

  it('that returns a promise is kept at work by waitUntil, and one that does not is not', async () => {
    const kept: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) => kept.push(promise);
    const returns = [async () => 'sent', () => Promise.reject(new Error('boom')), () => 'logged', fail];
    for (const onOutcome of returns) {
      const receiver = createReceiver({ provider: grantiva(), secret, on: {}, onOutcome });
      expect(await receiver.receive({ headers: {}, body, waitUntil })).toMatchObject({ status: 401 });
    }
    expect(kept).toHaveLength(2);
    expect(await Promise.allSettled(kept)).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
  });

  it('is all there is where it is set: nothing else is logged', async () => {
    await deliver({ onOutcome: () => {}, on: fail });
    expect(log).not.toHaveBeenCalled();
  });
});

describe('without onOutcome', () => {
  it('what the operator has to correct is logged, with its cause', async () => {
    await deliver({ on: fail });
    expect(log).toHaveBeenCalledOnce();
    expect(log).toHaveBeenCalledWith(
      'hookproof:',
      // The line below says what the handler threw, and where: no frame of Hookproof's stands in between.
      expect.stringMatching(/\(handler_failed\)\n {2}caused by Error: boom\n {4}at /),
    );
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
    expect(log).toHaveBeenCalledWith(
      'hookproof:',
      expect.stringMatching(/\(claims_unavailable\)\n {2}caused by Error: boom\n/),
    );
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

describe('without onOutcome, in development', () => {
  const warn = vi.spyOn(console, 'warn');
  const unsigned = {};
  const wrong = { 'x-grantiva-signature': `sha256=${'0'.repeat(64)}` };
  const junk = { 'x-grantiva-signature': 'junk' };

  beforeEach(() => {
    warn.mockReset().mockImplementation(() => {});
    vi.stubEnv('NODE_ENV', 'development');
  });
  afterEach(() => {
    warn.mockReset();
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  const said = () => warn.mock.calls.map(([text]) => /because of (\w+)/.exec(String(text))?.[1]);
  const receiverOf = (options: { onOutcome?: OnOutcome } = {}) =>
    createReceiver({ provider: grantiva(), secret, on: {}, ...options });

  it('a rejection is explained in a few lines, once per cause', async () => {
    const receiver = receiverOf();
    for (const headers of [unsigned, wrong, unsigned, wrong, junk]) await receiver.receive({ headers, body });
    await vi.waitFor(() => expect(said()).toContain('signature_malformed'));
    expect(said()).toEqual(['signature_absent', 'nothing_fits', 'signature_malformed']);
    const lines = String(warn.mock.calls[1]?.[0]).split('\n');
    expect(lines).toEqual([
      'hookproof: grantiva: 401 signature_mismatch, because of nothing_fits',
      expect.stringMatching(/^ {2}Neither another spelling/),
      expect.stringMatching(/^ {2}Fix: Compare fingerprints/),
      expect.stringMatching(
        /^ {2}Evidence: secretSha256="[0-9a-f]{8}", bodySha256="[0-9a-f]{8}", bodyBytes=69, trials=\d+$/,
      ),
      expect.stringMatching(/^ {2}\(Said once per cause, in development alone/),
    ]);
    expect(log).not.toHaveBeenCalled();
  });

  it('each receiver says it once', async () => {
    for (const receiver of [receiverOf(), receiverOf()]) await receiver.receive({ headers: unsigned, body });
    await vi.waitFor(() => expect(said()).toEqual(['signature_absent', 'signature_absent']));
  });

  it('a body that was eaten is explained in the place of the error', async () => {
    // @ts-expect-error: a parsed body is wrong for the compiler too
    await receiverOf().receive({ headers: unsigned, body: { parsed: true } });
    await vi.waitFor(() => expect(said()).toEqual(['body_consumed']));
    expect(log).not.toHaveBeenCalled();
  });

  it('a Worker is in development only where it says so', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    const kept: Promise<unknown>[] = [];
    const deliverOnce = () =>
      receiverOf().receive({ headers: {}, body, waitUntil: (promise) => void kept.push(promise) });
    vi.stubEnv('NODE_ENV', undefined);
    await deliverOnce();
    expect(kept).toEqual([]);
    vi.stubEnv('NODE_ENV', 'development');
    await deliverOnce();
    await Promise.all(kept);
    expect(said()).toEqual(['signature_absent']);
  });

  it.each(['production', 'test'])('where NODE_ENV is %s nothing is said', async (mode) => {
    const receiver = receiverOf();
    vi.stubEnv('NODE_ENV', mode);
    await receiver.receive({ headers: unsigned, body });
    vi.stubEnv('NODE_ENV', 'development');
    await receiver.receive({ headers: junk, body });
    await vi.waitFor(() => expect(said()).toEqual(['signature_malformed']));
  });

  it('nor where there is an onOutcome', async () => {
    await receiverOf({ onOutcome: () => {} }).receive({ headers: unsigned, body });
    await receiverOf().receive({ headers: junk, body });
    await vi.waitFor(() => expect(said()).toEqual(['signature_malformed']));
  });
});

describe('an event that no handler wants', () => {
  const warn = vi.spyOn(console, 'warn');
  beforeEach(() => void warn.mockReset().mockImplementation(() => {}));
  afterEach(() => {
    warn.mockReset();
    vi.unstubAllEnvs();
  });

  const deliverTypes = async (options: { readonly onOutcome?: OnOutcome }, types: readonly string[]) => {
    const receiver = createReceiver({ provider: grantiva(), secret, on: {}, ...options });
    for (const event of types) {
      const unwanted = JSON.stringify({ event, data: {}, timestamp: '2026-11-20T23:09:31Z' });
      const headers = await signBody(grantiva(), { body: unwanted, secret, id: '', timestamp: 0 });
      expect(await receiver.receive({ headers, body: unwanted })).toMatchObject({ outcome: 'ignored', status: 200 });
    }
  };

  it('is said once per type in development, with what a second receiver would miss', async () => {
    vi.stubEnv('NODE_ENV', 'development');
    await deliverTypes({}, ['device.new', 'device.new', 'webhook.test', '%s\u001b[2J']);
    expect(warn.mock.calls.map(([line]) => String(line).split('\n')[0])).toEqual([
      'hookproof: grantiva: 200 ignored: no handler of this receiver wants device.new',
      'hookproof: grantiva: 200 ignored: no handler of this receiver wants webhook.test',
      'hookproof: grantiva: 200 ignored: no handler of this receiver wants %s\\u{1b}[2J',
    ]);
    expect(warn.mock.calls[0]).toEqual([
      expect.stringContaining('on the same path gets nothing: give all handlers to one'),
    ]);
  });

  it('is said of so many types and no more', async () => {
    vi.stubEnv('NODE_ENV', 'development');
    await deliverTypes(
      {},
      Array.from({ length: 300 }, (_, count) => `type.${count}`),
    );
    expect(warn).toHaveBeenCalledTimes(256);
  });

  it('is not said in production, nor where there is an onOutcome', async () => {
    vi.stubEnv('NODE_ENV', 'development');
    await deliverTypes({ onOutcome: () => undefined }, ['device.new']);
    vi.stubEnv('NODE_ENV', 'test');
    await deliverTypes({}, ['device.new']);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('a refusal', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each([
    ['missing_signature', {}],
    ['malformed_signature', { 'x-grantiva-signature': 'sha256=1' }],
    ['signature_mismatch', { 'x-grantiva-signature': `sha256=${'0'.repeat(64)}` }],
  ])('%s that nobody listens to makes no error in production, and is the same reply', async (outcome, headers) => {
    const made = vi.spyOn(Refusal.prototype, 'toError');
    vi.stubEnv('NODE_ENV', 'production');
    expect(await deliver({}, headers)).toMatchObject({ outcome, status: 401 });
    expect(made).not.toHaveBeenCalled();
    expect(await deliver({ onOutcome: () => undefined }, headers)).toMatchObject({ outcome, status: 401 });
    expect(made).toHaveBeenCalledOnce();
    made.mockRestore();
  });
});

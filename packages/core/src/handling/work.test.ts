import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inboxWith } from '../../../../test/suites/inbox-with.ts';
import { WebhookError, type WebhookErrorCode } from '../error.ts';
import type { WebhookEvent } from '../event/event.ts';
import { signBody } from '../proof/sign.ts';
import { grantiva } from '../providers/grantiva.ts';
import { createReceiver, type ReceiverOptions } from '../receiver.ts';
import type { OutcomeReport, Wrap } from '../report/outcome.ts';
import type { Handler, HandlerContext } from './handlers.ts';
import type { Attempt, Inbox, InboxReceiver, WorkOutcome } from './inbox.ts';

type Grantiva = ReturnType<typeof grantiva>;
type Options = ReceiverOptions<Grantiva, Request, Inbox>;

const secret = 'a secret for tests';
const sent = {
  event: 'device.high_risk',
  data: { device_id: 'dev_1', risk_score: '82' },
  timestamp: '2026-11-20T23:09:31Z',
};
const boom = new Error('boom');
const bytes = (sent: unknown) => new TextEncoder().encode(JSON.stringify(sent));

/** How an inbox ends an attempt. */
type Ending = Attempt['settle'];
const settled: Ending = async (error) => ({ outcome: error === undefined ? 'handled' : 'retried', error });

/** A receiver that an inbox has registered, and what it reported. */
function set(options: Partial<Options>) {
  const reports: OutcomeReport[] = [];
  const registered: InboxReceiver[] = [];
  const inbox = inboxWith({ register: (receiver) => void registered.push(receiver) });
  createReceiver<Grantiva, Request, Inbox>({
    provider: grantiva(),
    secret,
    inbox,
    on: {},
    onOutcome: (report) => reports.push(report),
    ...options,
  });
  const settle = vi.fn<Ending>(settled);
  const work = (attempt: Partial<Attempt> = {}): Promise<WorkOutcome | undefined> =>
    Promise.resolve(
      registered[0]?.work({
        id: 'dlv_1',
        owner: undefined,
        headers: new Map([['x-webhook-id', 'wh_1']]),
        body: bytes(sent),
        attempt: 3,
        receivedAt: new Date('2026-11-20T23:09:32Z'),
        timeoutMs: 1_000,
        failure: undefined,
        signal: new AbortController().signal,
        complete: () => {},
        settle,
        ...attempt,
      }),
    );
  return { work, settle, reports };
}

/** A handler for everything. */
function handling(handler: Handler<WebhookEvent, undefined>): Partial<Options> {
  return { on: { '*': handler } };
}

const never = () => new Promise<never>(() => {});
const fail = () => {
  throw boom;
};

function expectSettled(settle: ReturnType<typeof set>['settle'], code: WebhookErrorCode | undefined) {
  expect(settle).toHaveBeenCalledOnce();
  expect(settle.mock.calls[0]?.[0]?.code).toBe(code);
}

describe('an attempt', () => {
  it('reads the delivery anew, and hands the event to the handlers of today', async () => {
    const risks: number[] = [];
    const { work, settle } = set({ on: { 'device.high_risk': ({ data }) => risks.push(data.risk_score) } });
    expect(await work()).toBe('handled');
    expect(risks).toEqual([82]);
    expect(settle.mock.calls).toEqual([[undefined]]);
  });

  it('tells the handlers of the delivery and of itself, and of no request', async () => {
    const contexts: HandlerContext<undefined>[] = [];
    const complete = vi.fn();
    const { work } = set(handling((_event, context) => contexts.push(context)));
    await work({ complete });
    const [context] = contexts;
    expect(context).toMatchObject({ attempt: 3, receivedAt: new Date('2026-11-20T23:09:32Z'), request: undefined });
    expect(context?.delivery.body).toEqual(bytes(sent));
    expect(context?.delivery.headers.get('x-webhook-id')).toBe('wh_1');
    expect(context?.signal.aborted).toBe(false);
    const transaction = {};
    if (context !== undefined) await Reflect.apply(context.complete, undefined, [transaction]);
    expect(complete.mock.calls).toEqual([[transaction]]);
  });

  it('runs all handlers in their order', async () => {
    const ran: string[] = [];
    const { work } = set({
      on: { 'device.*': [() => ran.push('a'), async () => ran.push('b')], '*': () => ran.push('c') },
    });
    await work();
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('proves nothing again: the secret of today may be another', async () => {
    const asked = vi.fn(() => 'another secret');
    const { work } = set({ ...handling(() => {}), secret: asked });
    expect(await work()).toBe('handled');
    expect(asked).not.toHaveBeenCalled();
  });
});

describe('an attempt that failed is settled with the reason:', () => {
  it('what a handler threw', async () => {
    const later = vi.fn();
    const { work, settle } = set({ on: { 'device.high_risk': [fail, later] } });
    expect(await work()).toBe('retried');
    expectSettled(settle, 'handler_failed');
    expect(settle.mock.calls[0]?.[0]?.cause).toBe(boom);
    expect(later).not.toHaveBeenCalled();
  });

  it('no handler is there for its type any more', async () => {
    const { work, settle } = set({ on: { 'device.new': () => {} } });
    await work();
    expectSettled(settle, 'no_handler');
    expect(settle.mock.calls[0]?.[0]?.message).toContain('"device.high_risk"');
  });

  it.each([
    ['it is no event', { data: {} }, 'invalid_event'],
    ['its data does not fit', { ...sent, data: { device_id: 'dev_1' } }, 'invalid_event'],
  ] as const)('%s', async (_what, body, code) => {
    const handler = vi.fn();
    const { work, settle } = set(handling(handler));
    await work({ body: bytes(body) });
    expectSettled(settle, code);
    expect(handler).not.toHaveBeenCalled();
  });

  it('earlier attempts took the worker with them', async () => {
    const handler = vi.fn();
    const { work, settle, reports } = set(handling(handler));
    const failure = new WebhookError('worker_lost', 'The worker was lost.');
    await work({ failure });
    expect(settle.mock.calls).toEqual([[failure]]);
    expect(handler).not.toHaveBeenCalled();
    // What the operator wants to know of it is known all the same.
    expect(reports[0]).toMatchObject({ type: 'device.high_risk', error: failure });
  });
});

describe('handlers that are late', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** Resolves a while after the handler was told to stop, in one way or the other. */
  const afterAbort =
    (ms: number, end: () => void) =>
    (_event: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () =>
          setTimeout(() => {
            try {
              resolve(end());
            } catch (error) {
              reject(error);
            }
          }, ms),
        );
      });

  it('are told to stop after timeoutMs', async () => {
    const signals: AbortSignal[] = [];
    const { work } = set(
      handling((_event, { signal }) => {
        signals.push(signal);
        return never();
      }),
    );
    void work({ timeoutMs: 100 });
    await vi.advanceTimersByTimeAsync(99);
    expect(signals[0]?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signals[0]?.reason).toMatchObject({ code: 'handler_timeout' });
  });

  it('but end soon after, count as success', async () => {
    const { work, settle } = set(handling(afterAbort(4_999, () => {})));
    const worked = work({ timeoutMs: 100 });
    await vi.advanceTimersByTimeAsync(100 + 4_998);
    expect(settle).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await worked).toBe('handled');
    expectSettled(settle, undefined);
  });

  it('and then fail, are a timeout', async () => {
    const { work, settle } = set(handling(afterAbort(10, fail)));
    const worked = work({ timeoutMs: 100 });
    await vi.advanceTimersByTimeAsync(110);
    expect(await worked).toBe('retried');
    expectSettled(settle, 'handler_timeout');
  });

  it('and never end, are a timeout after five more seconds', async () => {
    const { work, settle } = set(handling(never));
    const worked = work({ timeoutMs: 100 });
    await vi.advanceTimersByTimeAsync(100 + 4_999);
    expect(settle).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await worked).toBe('retried');
    expectSettled(settle, 'handler_timeout');
  });

  it('keep those after them from running', async () => {
    const later = vi.fn();
    const { work, settle } = set({ on: { '*': [afterAbort(10, () => {}), later] } });
    void work({ timeoutMs: 100 });
    await vi.advanceTimersByTimeAsync(110);
    expectSettled(settle, 'handler_timeout');
    expect(later).not.toHaveBeenCalled();
  });

  it('leave no timer behind when they were in time', async () => {
    const { work } = set(handling(() => {}));
    await work();
    await set(handling(fail)).work();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('when the attempt is given up', () => {
  const lost = new WebhookError('lease_lost', 'Another worker has it.');

  it.each<[why: string, reason: unknown, code: WebhookErrorCode]>([
    ['the inbox closes', undefined, 'handler_timeout'],
    ['another worker has the delivery', lost, 'lease_lost'],
  ])('because %s, the handlers are told to stop, and that is why it failed', async (_why, reason, code) => {
    const reasons: unknown[] = [];
    const later = vi.fn();
    const stops: Handler<WebhookEvent, undefined> = (_event, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      });
    const { work, settle } = set({ on: { '*': [stops, later] } });
    const closing = new AbortController();
    const worked = work({ signal: closing.signal, timeoutMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(settle).not.toHaveBeenCalled();
    closing.abort(reason);
    await worked;
    expectSettled(settle, code);
    expect(reasons).toEqual([settle.mock.calls[0]?.[0]]);
    expect(later).not.toHaveBeenCalled();
  });

  it('handlers that finish all the same count as success', async () => {
    const stops: Handler<WebhookEvent, undefined> = (_event, { signal }) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const { work, settle } = set(handling(stops));
    const closing = new AbortController();
    const worked = work({ signal: closing.signal, timeoutMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    closing.abort();
    expect(await worked).toBe('handled');
    expectSettled(settle, undefined);
  });

  it('before it began, no handler runs', async () => {
    let runs = 0;
    const { work, settle } = set(handling(() => (runs += 1)));
    await work({ signal: AbortSignal.abort() });
    expect(runs).toBe(0);
    expectSettled(settle, 'handler_timeout');
  });

  it('afterwards, nothing happens', async () => {
    const signals: AbortSignal[] = [];
    const { work } = set(handling((_event, { signal }) => signals.push(signal)));
    const closing = new AbortController();
    await work({ signal: closing.signal });
    closing.abort();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('what is reported of an attempt', () => {
  const facts = {
    stage: 'work',
    status: undefined,
    provider: 'grantiva',
    framework: 'fetch',
    method: 'POST',
    bodyBytes: bytes(sent).length,
    type: 'device.high_risk',
    id: undefined,
    key: expect.any(String),
    secretIndex: undefined,
    inboxId: 'dlv_1',
    attempt: 3,
    durationMs: expect.any(Number),
    diagnose: undefined,
  };

  it('is which it was of which delivery, once', async () => {
    const { work, reports } = set(handling(() => {}));
    await work();
    expect(reports).toEqual([{ ...facts, outcome: 'handled', error: undefined }]);
    expect(Object.isFrozen(reports[0])).toBe(true);
  });

  it.each<WorkOutcome>(['handled', 'retried', 'dead'])('is what the inbox made of it: %s', async (outcome) => {
    const { work, reports } = set(handling(fail));
    const error = new WebhookError('not_committed', 'The transaction of complete() was not committed.');
    expect(await work({ settle: async () => ({ outcome, error }) })).toBe(outcome);
    expect(reports).toEqual([{ ...facts, outcome, error }]);
  });

  it('comes only after that was recorded', async () => {
    const { work, reports } = set(handling(() => {}));
    let record = () => {};
    const worked = work({
      settle: (error) =>
        new Promise((resolve) => {
          record = () => resolve({ outcome: 'handled', error });
        }),
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(reports).toEqual([]);
    record();
    await worked;
    expect(reports).toHaveLength(1);
  });

  it('comes without a request', async () => {
    const onOutcome = vi.fn();
    const { work } = set({ ...handling(() => {}), onOutcome });
    await work();
    expect(onOutcome.mock.calls).toEqual([[expect.anything(), undefined]]);
  });
});

it('wrap runs around an attempt, and hears that it is one', async () => {
  const steps: unknown[] = [];
  const wrap: Wrap = async (receive, about) => {
    steps.push(about);
    steps.push((await receive()).outcome);
  };
  const { work } = set({ ...handling(() => steps.push('handler')), wrap });
  expect(await work()).toBe('handled');
  await vi.waitFor(() =>
    expect(steps).toEqual([{ stage: 'work', provider: 'grantiva', framework: 'fetch' }, 'handler', 'handled']),
  );
});

describe('without onOutcome', () => {
  const log = vi.spyOn(console, 'error');
  beforeEach(() => void log.mockReset().mockImplementation(() => {}));
  afterEach(() => void log.mockReset());

  it.each<WorkOutcome>(['retried', 'dead'])(
    'an attempt after which it is %s is logged with its cause',
    async (outcome) => {
      const { work } = set({ ...handling(fail), onOutcome: undefined });
      await work({ settle: async (error) => ({ outcome, error }) });
      expect(log.mock.calls).toEqual([
        [
          'hookproof:',
          expect.stringMatching(
            new RegExp(
              `^grantiva: ${outcome} after attempt 3 at delivery dlv_1 \\(device\\.high_risk\\): WebhookError: .* \\(handler_failed\\)\n` +
                ` {2}caused by Error: boom\n {4}at `,
            ),
          ),
        ],
      ]);
    },
  );

  it('also where the body is no event', async () => {
    const { work } = set({ ...handling(fail), onOutcome: undefined });
    await work({ body: bytes({}) });
    expect(log.mock.calls).toEqual([
      [
        'hookproof:',
        expect.stringMatching(
          /^grantiva: retried after attempt 3 at delivery dlv_1 \(no event\): WebhookError: .*\(invalid_event\)\n {4}at /,
        ),
      ],
    ]);
  });

  it('what went well is not', async () => {
    const { work } = set({ ...handling(() => {}), onOutcome: undefined });
    await work();
    expect(log).not.toHaveBeenCalled();
  });
});

describe('without an inbox', () => {
  it('a handler’s context knows of no attempt, and complete() says what it needs', async () => {
    const contexts: HandlerContext<Request>[] = [];
    const reports: OutcomeReport[] = [];
    const receiver = createReceiver({
      provider: grantiva(),
      secret,
      now: () => 1_795_216_193_000,
      on: {
        '*': (_event, context) => {
          contexts.push(context);
          // It does not compile.
          return Reflect.apply(context.complete, undefined, [{}]);
        },
      },
      onOutcome: (report) => reports.push(report),
    });
    const body = JSON.stringify(sent);
    const headers = await signBody(grantiva(), { body, secret, id: '', timestamp: 0 });
    expect(await receiver.receive({ headers, body })).toMatchObject({ outcome: 'handler_failed' });
    expect(contexts).toMatchObject([{ attempt: undefined, receivedAt: new Date(1_795_216_193_000) }]);
    expect(reports).toMatchObject([{ stage: 'receive', inboxId: undefined, attempt: undefined }]);
    expect(reports[0]?.error?.cause).toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/^context\.complete\(\) needs an inbox/),
    });
  });
});

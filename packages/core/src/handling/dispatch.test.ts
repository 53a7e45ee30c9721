import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signBody } from '../proof/sign.ts';
import { grantex } from '../providers/grantex.ts';
import { grantiva } from '../providers/grantiva.ts';
import { createReceiver } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import type { Claim, ClaimStore } from './claims.ts';
import { memoryClaims } from './memory-claims.ts';

const secret = 'a secret for tests';
const boom = new Error('boom');

interface Setup {
  readonly handler: (signal: AbortSignal, run: number) => unknown;
  readonly dedupe?: false | ClaimStore;
  readonly timeoutMs?: number;
}

/** A receiver, and the same genuine delivery as often as it is wanted. */
function set({ handler, dedupe, timeoutMs }: Setup) {
  const reports: OutcomeReport[] = [];
  let runs = 0;
  const receiver = createReceiver({
    provider: grantex(),
    secret,
    dedupe,
    timeoutMs,
    onOutcome: (report) => reports.push(report),
    on: { '*': (_event, { signal }) => handler(signal, ++runs) },
  });
  const send = async (id = 'evt_1') => {
    const body = JSON.stringify({ id, type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: true } });
    const timestamp = Math.floor(Date.now() / 1_000);
    return receiver.receive({ headers: await signBody(grantex(), { body, secret, id, timestamp }), body });
  };
  return { send, reports, runs: () => runs };
}

/** A promise, and the function that resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Claims in memory that tell when a claim was done or released. */
function watchedClaims() {
  const claims = memoryClaims();
  const ended = gate();
  const ends: string[] = [];
  const store: ClaimStore = {
    async claim(key, leaseMs): Promise<Claim> {
      const claim = await claims.claim(key, leaseMs);
      if (claim.state !== 'taken') return claim;
      const end = (how: 'done' | 'release') => async () => {
        await claim[how]();
        ends.push(how);
        ended.open();
      };
      return { state: 'taken', done: end('done'), release: end('release') };
    },
  };
  return { store, ends, ended: ended.opened };
}

let unhandled: unknown[] = [];
const remember = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', remember);
});
afterEach(async () => {
  // Rejections count as unhandled once the microtasks are over.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', remember);
  expect(unhandled).toEqual([]);
});

describe('the same event delivered again', () => {
  it('is a duplicate once it was handled, and runs no handler', async () => {
    const { send, runs } = set({ handler: () => {} });
    expect((await send()).outcome).toBe('handled');
    expect(await send()).toMatchObject({ outcome: 'duplicate', status: 200 });
    expect(await send()).toMatchObject({ outcome: 'duplicate' });
    expect(runs()).toBe(1);
  });

  it('is busy while it is being handled, so that the provider tries again later', async () => {
    const [started, finish] = [gate(), gate()];
    const { send, runs } = set({
      handler: () => {
        started.open();
        return finish.opened;
      },
    });
    const first = send();
    await started.opened;
    expect(await send()).toMatchObject({ outcome: 'busy', status: 409 });
    finish.open();
    expect((await first).outcome).toBe('handled');
    expect((await send()).outcome).toBe('duplicate');
    expect(runs()).toBe(1);
  });

  it('at the same moment is handled once, and busy the other time', async () => {
    const finish = gate();
    const { send, runs } = set({ handler: () => finish.opened });
    const copies = Array.from({ length: 5 }, () =>
      send().then(({ outcome }) => {
        if (outcome === 'busy') finish.open();
        return outcome;
      }),
    );
    expect((await Promise.all(copies)).toSorted()).toEqual(['busy', 'busy', 'busy', 'busy', 'handled']);
    expect(runs()).toBe(1);
  });

  it('is handled after it failed', async () => {
    const { send, runs } = set({ handler: (_signal, run) => (run < 3 ? Promise.reject(boom) : undefined) });
    expect(await send()).toMatchObject({ outcome: 'handler_failed', status: 500 });
    expect(await send()).toMatchObject({ outcome: 'handler_failed' });
    expect(await send()).toMatchObject({ outcome: 'handled' });
    expect(await send()).toMatchObject({ outcome: 'duplicate' });
    expect(runs()).toBe(3);
  });

  it('is another event if its id is another', async () => {
    const { send, runs } = set({ handler: () => {} });
    expect((await send('evt_1')).outcome).toBe('handled');
    expect((await send('evt_2')).outcome).toBe('handled');
    expect(runs()).toBe(2);
  });

  it('is handled every time with dedupe: false, at the same moment too', async () => {
    const [started, finish] = [gate(), gate()];
    const { send, reports, runs } = set({
      dedupe: false,
      handler: (_signal, run) => {
        if (run === 2) started.open();
        return finish.opened;
      },
    });
    const copies = [send(), send()];
    await started.opened;
    finish.open();
    expect((await Promise.all(copies)).map(({ outcome }) => outcome)).toEqual(['handled', 'handled']);
    expect(reports.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(runs()).toBe(2);
  });

  it('is the same event for two receivers that share a store', async () => {
    const dedupe = memoryClaims();
    const [one, two] = [set({ handler: () => {}, dedupe }), set({ handler: () => {}, dedupe })];
    expect((await one.send()).outcome).toBe('handled');
    expect((await two.send()).outcome).toBe('duplicate');
  });

  it('is another event for a receiver with a store of its own', async () => {
    expect((await set({ handler: () => {} }).send()).outcome).toBe('handled');
    expect((await set({ handler: () => {} }).send()).outcome).toBe('handled');
  });

  it('does not need handling where nobody wants it: that takes no claim', async () => {
    const claim = vi.fn(memoryClaims().claim);
    const receiver = createReceiver({ provider: grantiva(), secret, dedupe: { claim }, on: {} });
    const body = '{"event":"webhook.test","data":{},"timestamp":"2026-11-20T23:09:31Z"}';
    const headers = await signBody(grantiva(), { body, secret, id: '', timestamp: 0 });
    expect((await receiver.receive({ headers, body })).outcome).toBe('ignored');
    expect(claim).not.toHaveBeenCalled();
  });
});

describe('a claims store', () => {
  type Taken = Extract<Claim, { state: 'taken' }>;
  const taken = (ends: Partial<Taken> = {}): Taken => ({ state: 'taken', done() {}, release() {}, ...ends });

  it('is asked with the provider and the key, and a lease that outlives every handler', async () => {
    const claim = vi.fn(async (_key: string, _leaseMs: number) => taken());
    const { send } = set({ handler: () => {}, dedupe: { claim }, timeoutMs: 1_234 });
    expect((await send()).outcome).toBe('handled');
    expect(claim.mock.calls).toEqual([['grantex:evt_1', expect.any(Number)]]);
    expect(claim.mock.lastCall?.[1]).toBeGreaterThan(1_234);
  });

  it('hears done when the event was handled, and nothing else', async () => {
    const { store, ends } = watchedClaims();
    await set({ handler: () => {}, dedupe: store }).send();
    expect(ends).toEqual(['done']);
  });

  it('hears release when a handler failed, and nothing else', async () => {
    const { store, ends } = watchedClaims();
    await set({ handler: () => Promise.reject(boom), dedupe: store }).send();
    expect(ends).toEqual(['release']);
  });

  it('may say that someone else handled it', async () => {
    const { send, runs } = set({ handler: () => {}, dedupe: { claim: () => ({ state: 'done' }) } });
    expect((await send()).outcome).toBe('duplicate');
    expect(runs()).toBe(0);
  });

  it('may say that someone else is at work on it', async () => {
    const { send, runs } = set({ handler: () => {}, dedupe: { claim: () => ({ state: 'busy' }) } });
    expect((await send()).outcome).toBe('busy');
    expect(runs()).toBe(0);
  });

  const failing: [how: string, fail: () => never | Promise<never>][] = [
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
  ];

  it.each(failing)('whose claim() %s is claims_unavailable, and no handler runs', async (_how, fail) => {
    const { send, reports, runs } = set({ handler: () => {}, dedupe: { claim: fail } });
    expect(await send()).toMatchObject({ outcome: 'claims_unavailable', status: 503 });
    expect(reports[0]?.error).toMatchObject({ code: 'claims_unavailable', cause: boom });
    expect(runs()).toBe(0);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['another state', { state: 'free' }],
    ['a claim that cannot be done', { state: 'taken', release() {} }],
    ['a claim that cannot be released', { state: 'taken', done() {} }],
  ])('whose claim() returns %s is claims_unavailable, and no handler runs', async (_what, claim) => {
    // As a store in JavaScript may be written.
    const { send, reports, runs } = set({
      handler: () => {},
      dedupe: JSON.parse('{}', () => ({ claim: () => claim })),
    });
    expect(await send()).toMatchObject({ outcome: 'claims_unavailable', status: 503 });
    expect(String(reports[0]?.error?.cause)).toContain('claim() must resolve to');
    expect(runs()).toBe(0);
  });

  it('that does not answer within timeoutMs is claims_unavailable, and no handler runs', async () => {
    const { send, reports, runs } = set({
      handler: () => {},
      dedupe: { claim: () => new Promise(() => {}) },
      timeoutMs: 5,
    });
    expect(await send()).toMatchObject({ outcome: 'claims_unavailable', status: 503 });
    expect(String(reports[0]?.error?.cause)).toContain('claim() took longer than timeoutMs (5 ms)');
    expect(runs()).toBe(0);
  });

  it.each(failing)('whose done() %s is handled all the same, reported, and nothing runs again', async (_how, fail) => {
    const { send, reports, runs } = set({ handler: () => {}, dedupe: { claim: () => taken({ done: fail }) } });
    expect(await send()).toMatchObject({ outcome: 'handled', status: 200 });
    expect(reports).toEqual([
      expect.objectContaining({
        outcome: 'handled',
        error: expect.objectContaining({ code: 'claims_unavailable', cause: boom }),
      }),
    ]);
    expect(runs()).toBe(1);
  });

  it('whose done() does not answer within timeoutMs is handled all the same, and reported', async () => {
    const claim = () => taken({ done: () => new Promise(() => undefined) });
    const { send, reports } = set({ handler: () => {}, dedupe: { claim }, timeoutMs: 5 });
    expect(await send()).toMatchObject({ outcome: 'handled', status: 200 });
    expect(reports[0]?.error?.code).toBe('claims_unavailable');
    expect(String(reports[0]?.error?.cause)).toContain('done() took longer than timeoutMs (5 ms)');
  });

  it('whose release() does not answer within timeoutMs is handler_failed, with what the handler threw', async () => {
    const claim = () => taken({ release: () => new Promise(() => undefined) });
    const { send, reports } = set({ handler: () => Promise.reject(boom), dedupe: { claim }, timeoutMs: 5 });
    expect(await send()).toMatchObject({ outcome: 'handler_failed', status: 500 });
    expect(reports[0]?.error?.cause).toBe(boom);
  });

  it('whose done() fails is not told to release what was handled', async () => {
    const release = vi.fn();
    const claim = () => taken({ done: () => Promise.reject(boom), release });
    await set({ handler: () => {}, dedupe: { claim } }).send();
    expect(release).not.toHaveBeenCalled();
  });

  it.each(failing)('whose release() %s is handler_failed, with what the handler threw', async (_how, fail) => {
    const thrown = new Error('the handler');
    const claim = () => taken({ release: fail });
    const { send, reports } = set({ handler: () => Promise.reject(thrown), dedupe: { claim } });
    expect(await send()).toMatchObject({ outcome: 'handler_failed', status: 500 });
    expect(reports[0]?.error?.cause).toBe(thrown);
  });

  it('that forgets a lost claim lets the next delivery try, and the late one changes nothing', async () => {
    const claims = memoryClaims();
    const [firstStarted, firstFinish, secondStarted, secondFinish] = [gate(), gate(), gate(), gate()];
    const { send } = set({
      dedupe: { claim: (key) => claims.claim(key, 0) },
      handler: async (_signal, run) => {
        if (run === 1) {
          firstStarted.open();
          await firstFinish.opened;
          throw boom;
        }
        secondStarted.open();
        await secondFinish.opened;
      },
    });
    const first = send();
    await firstStarted.opened;
    const second = send();
    await secondStarted.opened;
    firstFinish.open();
    expect((await first).outcome).toBe('handler_failed');
    secondFinish.open();
    expect((await second).outcome).toBe('handled');
    expect((await send()).outcome).toBe('duplicate');
  });
});

describe('a handler that does not end within timeoutMs', () => {
  it('is handler_timeout, so that the provider tries again', async () => {
    const { send, reports } = set({ handler: () => new Promise(() => {}), timeoutMs: 5 });
    expect(await send()).toMatchObject({ outcome: 'handler_timeout', status: 503 });
    expect(reports[0]?.error?.message).toContain('timeoutMs (5 ms)');
  });

  it('hears of it by its signal, with the reason', async () => {
    const { send, reports } = set({
      handler: (signal) => {
        expect(signal.aborted).toBe(false);
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      timeoutMs: 5,
    });
    expect((await send()).outcome).toBe('handler_timeout');
    expect(reports[0]?.error).toMatchObject({ code: 'handler_timeout' });
  });

  it('is busy for the next delivery as long as it runs, and a duplicate once it ended well', async () => {
    const finish = gate();
    const { store, ended, ends } = watchedClaims();
    const { send, runs } = set({ handler: () => finish.opened, dedupe: store, timeoutMs: 5 });
    expect((await send()).outcome).toBe('handler_timeout');
    expect((await send()).outcome).toBe('busy');
    finish.open();
    await ended;
    expect(ends).toEqual(['done']);
    expect((await send()).outcome).toBe('duplicate');
    expect(runs()).toBe(1);
  });

  it('is handled anew once it ended badly', async () => {
    const finish = gate();
    const { store, ended, ends } = watchedClaims();
    const { send, runs } = set({
      handler: (_signal, run) => run === 1 && finish.opened.then(() => Promise.reject(boom)),
      dedupe: store,
      timeoutMs: 5,
    });
    expect((await send()).outcome).toBe('handler_timeout');
    finish.open();
    await ended;
    expect(ends).toEqual(['release']);
    expect((await send()).outcome).toBe('handled');
    expect(runs()).toBe(2);
  });

  it('is the last one to run: those after it wait for the next delivery', async () => {
    const finish = gate();
    const { store, ended, ends } = watchedClaims();
    const after = vi.fn();
    const receiver = createReceiver({
      provider: grantiva(),
      secret,
      timeoutMs: 5,
      dedupe: store,
      onOutcome: () => {},
      on: { '*': [() => finish.opened, after] },
    });
    const body = '{"event":"webhook.test","data":{},"timestamp":"2026-11-20T23:09:31Z"}';
    const headers = await signBody(grantiva(), { body, secret, id: '', timestamp: 0 });
    expect((await receiver.receive({ headers, body })).outcome).toBe('handler_timeout');
    finish.open();
    await ended;
    expect(after).not.toHaveBeenCalled();
    expect(ends).toEqual(['release']);
    expect((await receiver.receive({ headers, body })).outcome).toBe('handled');
    expect(after).toHaveBeenCalledOnce();
  });

  it('and rejects afterwards without a claim is no unhandled rejection', async () => {
    const finish = gate();
    const { send } = set({
      handler: () => finish.opened.then(() => Promise.reject(boom)),
      dedupe: false,
      timeoutMs: 5,
    });
    expect((await send()).outcome).toBe('handler_timeout');
    finish.open();
  });
});

describe('a handler that ends in time', () => {
  it('is never aborted, and leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const signals: AbortSignal[] = [];
      const { send } = set({
        handler: (signal, run) => {
          signals.push(signal);
          if (run === 2) throw boom;
        },
        timeoutMs: 5_000,
      });
      expect((await send('evt_1')).outcome).toBe('handled');
      expect((await send('evt_2')).outcome).toBe('handler_failed');
      expect(vi.getTimerCount()).toBe(0);
      vi.advanceTimersByTime(10_000);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a claim', () => {
  it('that comes after timeoutMs is released when it comes, so that the retry need not wait for its lease', async () => {
    const asked = gate();
    const released = gate();
    const store: ClaimStore = {
      async claim() {
        await asked.opened;
        return { state: 'taken', done: () => undefined, release: () => released.open() };
      },
    };
    const { send, runs } = set({ handler: () => undefined, dedupe: store, timeoutMs: 5 });
    expect((await send()).outcome).toBe('claims_unavailable');
    asked.open();
    await released.opened;
    expect(runs()).toBe(0);
  });

  it('may be promised by any thenable, and so may its end', async () => {
    /** A promise of a library of its own, which `instanceof Promise` does not know. */
    class Later<T> implements PromiseLike<T> {
      readonly #promise: Promise<T>;
      constructor(value: PromiseLike<T> | T) {
        this.#promise = Promise.resolve(value);
      }
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
      then: PromiseLike<T>['then'] = (resolve, reject) => this.#promise.then(resolve, reject);
    }
    const claims = memoryClaims();
    const take = async (key: string, leaseMs: number): Promise<Claim> => {
      const claim = await claims.claim(key, leaseMs);
      return claim.state === 'taken'
        ? { ...claim, state: 'taken', done: () => new Later(claim.done()), release: () => claim.release() }
        : claim;
    };
    const store: ClaimStore = { claim: (key, leaseMs) => new Later(take(key, leaseMs)) };
    const { send, runs } = set({ handler: () => undefined, dedupe: store });
    expect([(await send()).outcome, (await send()).outcome]).toEqual(['handled', 'duplicate']);
    expect(runs()).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { inboxWith } from '../../../../test/suites/inbox-with.ts';
import type { Inbox, NewDelivery } from '../handling/inbox.ts';
import { signBody } from '../proof/sign.ts';
import { gravv } from '../providers/gravv.ts';
import { createReceiver } from '../receiver.ts';

const now = Date.parse('2026-11-27T12:00:00Z');
const secret = 'a secret for tests of ages';

async function deliveryOf(event: object) {
  const body = JSON.stringify({ event_type: 'transfer.status.completed', event_data: {}, ...event });
  return { headers: await signBody(gravv(), { body, secret, id: '', timestamp: 0 }), body };
}

function inboxOf(stored: NewDelivery[]): Inbox {
  return inboxWith({
    accept: async (delivery) => {
      stored.push(delivery);
      return { id: 'dlv_1', isNew: true };
    },
  });
}

const aged = (seconds: number) => ({ event_id: 'a', timestamp: new Date(now - seconds * 1_000).toISOString() });

describe.each(['handled', 'stored'] as const)(
  'an event whose own time is past maxEventAgeSeconds, when it would be %s',
  (taken) => {
    function receiverOf(maxEventAgeSeconds: number | undefined) {
      const stored: NewDelivery[] = [];
      const handled: unknown[] = [];
      const on = { '*': (event: { id: string | undefined }) => void handled.push(event.id) };
      const shared = { provider: gravv(), secret, maxEventAgeSeconds, now: () => now, on };
      const receiver =
        taken === 'handled'
          ? createReceiver({ ...shared, dedupe: false })
          : createReceiver({ ...shared, inbox: inboxOf(stored) });
      const outcomeOf = async (event: object) => (await receiver.receive(await deliveryOf(event))).outcome;
      return { outcomeOf, stored, handled };
    }

    it('is refused, and nothing is done with it', async () => {
      const { outcomeOf, stored, handled } = receiverOf(3_600);
      expect(await outcomeOf(aged(3_601))).toBe('stale_event');
      expect([stored, handled]).toEqual([[], []]);
    });

    it('is taken up to that age, to the millisecond', async () => {
      const { outcomeOf } = receiverOf(3_600);
      expect(await outcomeOf(aged(3_600))).toBe(taken);
      expect(await outcomeOf(aged(3_600.001))).toBe('stale_event');
      expect(await outcomeOf(aged(-86_400))).toBe(taken);
    });

    it('is taken where it has no time, or the option was not given', async () => {
      expect(await receiverOf(1).outcomeOf({ event_id: 'a' })).toBe(taken);
      expect(await receiverOf(1).outcomeOf({ event_id: 'a', timestamp: 'yesterday' })).toBe(taken);
      expect(await receiverOf(undefined).outcomeOf(aged(1e9))).toBe(taken);
    });
  },
);

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60'])(
  'maxEventAgeSeconds cannot be %s',
  (maxEventAgeSeconds) => {
    const make = () =>
      Reflect.apply(createReceiver, undefined, [{ provider: gravv(), secret, on: {}, maxEventAgeSeconds }]);
    expect(make).toThrow(/^maxEventAgeSeconds must be a number of seconds above 0/);
  },
);

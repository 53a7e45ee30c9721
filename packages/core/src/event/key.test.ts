import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { WebhookError } from '../error.ts';
import { signBody } from '../proof/sign.ts';
import { defineProvider, type ProviderDefinition } from '../provider.ts';
import { createReceiver } from '../receiver.ts';
import type { KeyFacts } from './format.ts';

const secret = 'a secret for tests';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

type Key = ProviderDefinition<string, Record<never, never>>['key'];

/** Delivers a body twice, and tells its key and what became of both deliveries. */
async function deliverTwice(
  event: object,
  key?: Key,
  headers: Record<string, string> = {},
  named: { deliveryId?: string } = { deliveryId: 'x-delivery' },
) {
  const provider = defineProvider({
    name: 'acme',
    signature: { header: 'x-signature', encoding: 'hex' },
    envelope: { id: 'id', type: 'type', timestamp: 'at', data: 'data' },
    headers: named,
    ...(key && { key }),
  });
  const body = JSON.stringify(event);
  const keys: (string | undefined)[] = [];
  const handler = vi.fn((_event: unknown, context: { key: string | undefined }) => keys.push(context.key));
  const errors: (WebhookError | undefined)[] = [];
  const receiver = createReceiver({
    provider,
    secret,
    on: { '*': handler },
    onOutcome: ({ error }) => errors.push(error),
  });
  const signed = await signBody(provider, { body, secret, id: '', timestamp: 0 });
  const outcomes: string[] = [];
  for (const _delivery of [1, 2]) {
    outcomes.push((await receiver.receive({ headers: { ...headers, ...signed }, body })).outcome);
  }
  return { key: keys[0], outcomes, errors, body };
}

const once = ['handled', 'duplicate'];
const twice = ['handled', 'handled'];

describe('the key of an event', () => {
  it('is its id', async () => {
    const { key, outcomes } = await deliverTwice({ id: 'evt_1', type: 'a', at: '2026-11-20T23:09:31Z' });
    expect(key).toBe('evt_1');
    expect(outcomes).toEqual(once);
  });

  it('is the hash of a body that carries a timestamp, where there is no id', async () => {
    const { key, outcomes, body } = await deliverTwice({ type: 'a', at: '2026-11-20T23:09:31Z' });
    expect(key).toBe(sha256(body));
    expect(outcomes).toEqual(once);
  });

  it('is none where nothing tells a retry from a second genuine event: both are handled', async () => {
    for (const event of [{ type: 'a' }, { type: 'a', at: 'yesterday' }, { type: 'a', id: '', at: null }]) {
      const { key, outcomes } = await deliverTwice(event);
      expect(key).toBeUndefined();
      expect(outcomes).toEqual(twice);
    }
  });

  it('is never the delivery id unless the provider says so, because that is not signed', async () => {
    const { key } = await deliverTwice({ type: 'a' }, undefined, { 'x-delivery': 'del_1' });
    expect(key).toBeUndefined();
  });

  it('is what the provider makes of the event, the delivery id and the hash of the body', async () => {
    const key = async ({ event, deliveryId, bodyHash }: KeyFacts) =>
      [event.type, deliveryId, (await bodyHash()).slice(0, 8)].join('/');
    const result = await deliverTwice({ type: 'a' }, key, { 'X-Delivery': 'del_1' });
    expect(result.key).toBe(`a/del_1/${sha256(result.body).slice(0, 8)}`);
    expect(result.outcomes).toEqual(once);
  });

  it('is made of the delivery id, in whatever case its header was described and came', async () => {
    const key = ({ deliveryId }: KeyFacts) => deliveryId;
    for (const described of ['x-delivery', 'X-Delivery']) {
      for (const sent of ['x-delivery', 'X-DELIVERY']) {
        const result = await deliverTwice({ type: 'a' }, key, { [sent]: 'del_1' }, { deliveryId: described });
        expect(result.key).toBe('del_1');
      }
    }
  });

  it('is made of no delivery id where the provider sends none, whatever a header without a name says', async () => {
    const key = ({ deliveryId }: KeyFacts) => deliveryId;
    expect((await deliverTwice({ type: 'a' }, key, { '': 'del_1' }, {})).key).toBeUndefined();
  });

  it('is none where the provider gives none, or an empty one', async () => {
    expect(await deliverTwice({ type: 'a', id: 'evt_1' }, () => undefined)).toMatchObject({
      key: undefined,
      outcomes: twice,
    });
    expect(await deliverTwice({ type: 'a', id: 'evt_1' }, () => '')).toMatchObject({ key: undefined, outcomes: twice });
  });

  it('is bounded: a longer one is hashed, and still tells events apart', async () => {
    const [fits, long] = ['k'.repeat(256), 'k'.repeat(257)];
    expect((await deliverTwice({ type: 'a', id: fits })).key).toBe(fits);
    expect(await deliverTwice({ type: 'a', id: long })).toMatchObject({ key: sha256(long), outcomes: once });
    expect((await deliverTwice({ type: 'a', id: `${long}x` })).key).toBe(sha256(`${long}x`));
  });

  it.each([
    ['an error', new Error('boom')],
    ['an error that is no rejection', new WebhookError('invalid_options', 'boom')],
    ['nothing', undefined],
  ])('that cannot be made because of %s is handler_failed, and no handler runs', async (_what, thrown) => {
    const fail = () => {
      throw thrown;
    };
    const { key, outcomes, errors } = await deliverTwice({ type: 'a' }, fail);
    expect(key).toBeUndefined();
    expect(outcomes).toEqual(['handler_failed', 'handler_failed']);
    for (const error of errors) expect(error).toMatchObject({ code: 'handler_failed', cause: thrown });
  });
});

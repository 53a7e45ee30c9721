import { describe, expect, it } from 'vitest';
import { deliveriesOf, type GrantexDelivery } from './deliveries.ts';

const delivery = (id: string): GrantexDelivery => ({
  id,
  webhookId: 'wh_1',
  eventId: 'evt_1',
  eventType: 'grant.created',
  status: 'failed',
  attempts: 5,
  maxAttempts: 5,
  url: 'https://example.com',
  createdAt: '2026',
});

/** Answers with these ids, page by page, and counts what is asked for. */
function server(pages: (page: number) => readonly string[], total = Number.POSITIVE_INFINITY) {
  const asked: number[] = [];
  const pageAt = async (page: number) => {
    asked.push(page);
    return { deliveries: pages(page).map(delivery), total, page, pageSize: 2 };
  };
  return { asked, pageAt };
}

async function idsOf(deliveries: AsyncIterable<GrantexDelivery>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of deliveries) ids.push(id);
  return ids;
}

describe('reading pages ends', () => {
  it('at total', async () => {
    const { asked, pageAt } = server((page) => [`a${page}`, `b${page}`], 4);
    expect(await idsOf(deliveriesOf(pageAt))).toEqual(['a1', 'b1', 'a2', 'b2']);
    expect(asked).toEqual([1, 2]);
  });

  it('on an empty page', async () => {
    const { asked, pageAt } = server((page) => (page === 1 ? ['a'] : []));
    expect(await idsOf(deliveriesOf(pageAt))).toEqual(['a']);
    expect(asked).toEqual([1, 2]);
  });

  it('on a page that brings nothing new', async () => {
    const { asked, pageAt } = server(() => ['a', 'b', 'a']);
    expect(await idsOf(deliveriesOf(pageAt))).toEqual(['a', 'b']);
    expect(asked).toEqual([1, 2]);
  });

  it('with an error where a server never ends', async () => {
    const { asked, pageAt } = server((page) => [`a${page}`, `b${page}`]);
    await expect(idsOf(deliveriesOf(pageAt, 6))).rejects.toMatchObject({ code: 'unexpected_response' });
    expect(asked).toEqual([1, 2, 3]);
  });
});

it('each loop begins anew', async () => {
  const { asked, pageAt } = server(() => ['a'], 1);
  const deliveries = deliveriesOf(pageAt);
  expect([await idsOf(deliveries), await idsOf(deliveries)]).toEqual([['a'], ['a']]);
  expect(asked).toEqual([1, 1]);
});

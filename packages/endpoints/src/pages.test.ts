import { describe, expect, it } from 'vitest';
import type { GrantexDelivery } from './deliveries.ts';
import { deliveriesOf } from './pages.ts';

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

  it('on the last page by total, whatever of it was seen before', async () => {
    const { asked, pageAt } = server((page) => (page === 1 ? ['a', 'b'] : ['b', 'c']), 4);
    expect(await idsOf(deliveriesOf(pageAt))).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([1, 2]);
  });

  it('with an error where every page is the same', async () => {
    const { asked, pageAt } = server(() => ['a', 'b', 'a']);
    await expect(idsOf(deliveriesOf(pageAt))).rejects.toMatchObject({ code: 'unexpected_response' });
    expect(asked.length).toBe(102);
  });

  it('with an error where a server never ends', async () => {
    const { asked, pageAt } = server((page) => [`a${page}`, `b${page}`]);
    await expect(idsOf(deliveriesOf(pageAt, 1, 6))).rejects.toMatchObject({ code: 'unexpected_response' });
    expect(asked).toEqual([1, 2, 3]);
  });
});

it('new deliveries that push a whole page onwards hide none of the older ones', async () => {
  const all = ['f', 'e', 'd', 'c', 'b', 'a'];
  const { pageAt } = server((page) => {
    if (page === 2) all.unshift('h', 'g');
    return all.slice((page - 1) * 2, page * 2);
  });
  expect(await idsOf(deliveriesOf(pageAt))).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
});

it('reading begins with a page, and where no total is told it ends with an empty one', async () => {
  const { asked, pageAt } = server((page) => (page < 4 ? [`a${page}`] : []));
  const untold = async (page: number) => ({ ...(await pageAt(page)), total: undefined });
  expect(await idsOf(deliveriesOf(untold, 2))).toEqual(['a2', 'a3']);
  expect(asked).toEqual([2, 3, 4]);
});

it('each loop begins anew', async () => {
  const { asked, pageAt } = server(() => ['a'], 1);
  const deliveries = deliveriesOf(pageAt);
  expect([await idsOf(deliveries), await idsOf(deliveries)]).toEqual([['a'], ['a']]);
  expect(asked).toEqual([1, 1]);
});

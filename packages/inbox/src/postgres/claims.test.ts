import { expect, it, vi } from 'vitest';
import { postgresClaims } from './claims.ts';

// What needs a server stands in test/inbox.

const pool = { query: vi.fn(), connect: vi.fn(), on: vi.fn(), off: vi.fn() };
const make = (...values: unknown[]) => Reflect.apply(postgresClaims, undefined, values);

it.each([
  [[], /pool must be a pool of the package pg: new Pool/],
  [[{ pool }], /pool must be a pool of the package pg/],
  [[{ ...pool, connectionParameters: {} }], /pool must be a pool of the package pg/],
  [[pool, null], /must be an object, such as \{ schema/],
  [[pool, 'hooks'], /must be an object/],
  [[pool, { schema: 'My Schema' }], /schema must be 1 to 50 lower-case letters/],
  [[pool, { table: 'a"b' }], /table must be 1 to 50 lower-case letters/],
  [[pool, { table: '' }], /table must be/],
  [[pool, { retainMs: 0 }], /retainMs must be a number of milliseconds above 0/],
  [[pool, { retainMs: '30 days' }], /retainMs must be/],
  [[pool, { retainMs: Number.POSITIVE_INFINITY }], /retainMs must be .* at most/],
  [[pool, { onError: true }], /onError must be a function/],
  [[pool, { prefix: 'a' }], /prefix is not an option of postgresClaims. There are: schema, table, retainMs, onError/],
  [[pool, { retainHandledMs: 1 }], /retainHandledMs is not an option of postgresClaims./],
])('wrong options are named, with the fix: %#', (values, message) => {
  expect(() => make(...values)).toThrow(message);
  expect(() => make(...values)).toThrow(expect.objectContaining({ code: 'invalid_options' }));
});

it('options that are undefined are those that were not given', () => {
  expect(make(pool, { schema: undefined, table: undefined, retainMs: undefined, onError: undefined })).toEqual({
    claim: expect.any(Function),
  });
});

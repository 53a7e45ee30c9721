import { expect, it, vi } from 'vitest';
import { redisClaims } from './claims.ts';

// What needs a server stands in test/inbox.

const client = { status: 'ready', connect: vi.fn(), disconnect: vi.fn(), eval: vi.fn(), on: vi.fn(), off: vi.fn() };
const make = (...values: unknown[]) => Reflect.apply(redisClaims, undefined, values);

it.each([
  [[], /redisClaims takes an ioredis client first, such as redisClaims\(new Redis\(url\)\)/],
  [['redis://localhost'], /takes an ioredis client first/],
  [[{ connection: client }], /takes an ioredis client first/],
  [[client, null], /must be an object, such as \{ prefix/],
  [[client, { prefix: ' ' }], /prefix must be a text that is not empty/],
  [[client, { retainMs: -1 }], /retainMs must be a number of milliseconds above 0/],
  [[client, { retainMs: Number.NaN }], /retainMs must be/],
  [[client, { schema: 'a' }], /schema is not an option of redisClaims. There are: prefix, retainMs/],
])('wrong options are named, with the fix: %#', (values, message) => {
  expect(() => make(...values)).toThrow(message);
  expect(() => make(...values)).toThrow(expect.objectContaining({ code: 'invalid_options' }));
});

// Type tests: `tsc` checks them, nothing runs them.
import type { EventType, grantiva } from '@hookproof/core';
import { expectTypeOf } from 'vitest';
import {
  type Created,
  type EndpointError,
  type EndpointSecret,
  type Fetch,
  type GrantexDelivery,
  type GrantexEndpoint,
  type GrantivaEndpoint,
  type GrantivaEventName,
  grantexEndpoints,
  grantivaEndpoints,
} from './index.ts';

// The global fetch is one.
expectTypeOf<typeof fetch>().toExtend<Fetch>();

// Exactly one credential.
grantivaEndpoints({ baseUrl: 'https://a', token: 'gpat_1', fetch });
const endpoints = grantivaEndpoints({ baseUrl: new URL('https://a'), cookie: 'a=b' });
// @ts-expect-error both
grantivaEndpoints({ baseUrl: 'https://a', token: 'gpat_1', cookie: 'a=b' });
// @ts-expect-error none
grantivaEndpoints({ baseUrl: 'https://a' });
// @ts-expect-error Grantiva has no host of its own
grantivaEndpoints({ token: 'gpat_1' });

// Only what was created has a secret.
expectTypeOf<Created<GrantivaEndpoint>['secret']>().toEqualTypeOf<EndpointSecret>();
const created = await endpoints.create({ url: 'https://b', events: ['device.new', 'of.tomorrow'] });
expectTypeOf(created.secret.reveal()).toEqualTypeOf<string>();
const [listed] = await endpoints.list();
// @ts-expect-error a list has no secrets
listed?.secret;
// @ts-expect-error an update has none
(await endpoints.update('1', { isActive: true })).secret;
// @ts-expect-error a secret is not text
const text: string = created.secret;
void text;

// Ensured narrows.
const ensured = await endpoints.ensure({ url: 'https://b', events: ['device.new'] });
// @ts-expect-error perhaps it was not created
ensured.endpoint.secret;
switch (ensured.action) {
  case 'created':
    expectTypeOf(ensured.endpoint.secret).toEqualTypeOf<EndpointSecret>();
    break;
  case 'updated':
    expectTypeOf(ensured.changed).toEqualTypeOf<readonly ('events' | 'isActive' | 'description')[]>();
    expectTypeOf(ensured.endpoint).toEqualTypeOf<GrantivaEndpoint>();
    break;
  case 'unchanged':
    expectTypeOf(ensured.endpoint).toEqualTypeOf<GrantivaEndpoint>();
    break;
  default:
    expectTypeOf(ensured).toBeNever();
}

const grants = grantexEndpoints({ apiKey: 'key' });
const grant = await grants.ensure({ url: 'https://b', events: ['grant.created'], replace: true });
switch (grant.action) {
  case 'created':
    expectTypeOf(grant.endpoint.secret).toEqualTypeOf<EndpointSecret>();
    break;
  case 'replaced':
    expectTypeOf(grant.endpoint.secret).toEqualTypeOf<EndpointSecret>();
    expectTypeOf(grant.previous).toEqualTypeOf<GrantexEndpoint>();
    expectTypeOf(grant.kept).toEqualTypeOf<'pending' | 'failed' | undefined>();
    expectTypeOf(grant.deleteError).toEqualTypeOf<Error | undefined>();
    break;
  case 'unchanged':
    expectTypeOf(grant.endpoint).toEqualTypeOf<GrantexEndpoint>();
    break;
  default:
    expectTypeOf(grant).toBeNever();
}
// The secret is told before the wait for what is queued.
await grants.ensure({
  ...{ url: 'https://b', events: ['grant.created'], replace: true, waitMs: 1, pollMs: 1 },
  onCreated: ({ secret }, previous) => {
    expectTypeOf(secret).toEqualTypeOf<EndpointSecret>();
    expectTypeOf(previous).toEqualTypeOf<GrantexEndpoint | undefined>();
  },
});
expectTypeOf(await grants.retire('wh_1', { onPending: (pending) => pending.toFixed() })).toEqualTypeOf<{
  readonly deleted: boolean;
  readonly pending: number;
}>();
// @ts-expect-error Grantex has no update
grants.update;
// @ts-expect-error and no description
await grants.create({ url: 'https://b', events: ['grant.created'], description: 'c' });

for await (const delivery of grants.deliveries('wh_1', { status: 'failed' })) {
  expectTypeOf(delivery).toEqualTypeOf<GrantexDelivery>();
}
// @ts-expect-error no status of a delivery
grants.deliveries('wh_1', { status: 'lost' });

// Every event that can be subscribed to is one that a receiver knows.
type Known = GrantivaEventName extends infer Name
  ? Name extends string
    ? string extends Name
      ? never
      : Name
    : never
  : never;
expectTypeOf<Known>().toExtend<EventType<ReturnType<typeof grantiva>>>();

expectTypeOf<'device.new' | 'device_blocked'>().toExtend<Known>();

// The codes are exhaustive.
export function statusOf({ code }: EndpointError): number {
  switch (code) {
    case 'unauthorized':
    case 'forbidden':
    case 'plan_limit_exceeded':
    case 'not_found':
    case 'conflict':
    case 'invalid_request':
    case 'rate_limited':
      return 400;
    case 'server_error':
    case 'timed_out':
    case 'network_error':
    case 'unexpected_response':
    case 'aborted':
    case 'cannot_update':
      return 500;
  }
}

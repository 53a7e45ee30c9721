// Type tests: `tsc` checks them, nothing runs them.
import { expectTypeOf } from 'vitest';
import * as z from 'zod';
import {
  createReceiver,
  type EventFor,
  type EventInput,
  type EventOf,
  type EventType,
  type Grantex,
  type GrantexOptions,
  type Grantiva,
  type Gravv,
  grantex,
  grantiva,
  gravv,
  type Handlers,
  type JsonObject,
  type Pattern,
  type Provider,
  standardWebhooks,
  type UnknownEvent,
  verifyDelivery,
  type WebhookEvent,
} from '../index.ts';

const secret = 'a secret for tests';

// A handler of one type gets that type, and its data.
createReceiver({
  provider: grantiva(),
  secret,
  on: {
    'device.high_risk': (event) => {
      expectTypeOf(event.type).toEqualTypeOf<'device.high_risk'>();
      expectTypeOf(event.data.device_id).toEqualTypeOf<string>();
      expectTypeOf(event.data.risk_score).toEqualTypeOf<number>();
      expectTypeOf(event.data.threshold).toEqualTypeOf<number | null | undefined>();
      expectTypeOf(event.data.jailbreak_detected).toEqualTypeOf<boolean | null | undefined>();
      // @ts-expect-error misspelt: the field is device_id
      void event.data.deviceId;
      expectTypeOf(event.envelope['a field of tomorrow']).toEqualTypeOf<unknown>();
      expectTypeOf(event.envelope).toEqualTypeOf<JsonObject>();
      expectTypeOf(event.timestamp).toEqualTypeOf<Date | undefined>();
      expectTypeOf(event.id).toEqualTypeOf<string | undefined>();
    },
    risk_alert: ({ data }) => {
      expectTypeOf(data.deviceId).toEqualTypeOf<string>();
      expectTypeOf(data.riskScore).toEqualTypeOf<number>();
    },
    'webhook.test': ({ data }) => expectTypeOf(data).toEqualTypeOf<unknown>(),
  },
});

// Several handlers of one type are typed alike.
createReceiver({
  provider: grantex(),
  secret,
  on: {
    'grant.revoked': [
      ({ data }) => expectTypeOf(data.cascade).toEqualTypeOf<boolean>(),
      async ({ type, data }) => {
        expectTypeOf(type).toEqualTypeOf<'grant.revoked'>();
        expectTypeOf(data.grantId).toEqualTypeOf<string>();
      },
    ],
  },
});

// A pattern gets the union of the declared types below it, and of no other.
createReceiver({
  provider: grantiva(),
  secret,
  on: {
    'device.*': (event) => {
      expectTypeOf(event.type).toEqualTypeOf<
        'device.new' | 'device.high_risk' | 'device.attestation_failed' | 'device.attested.first'
      >();
      if (event.type === 'device.high_risk') expectTypeOf(event.data.risk_score).toEqualTypeOf<number>();
      // @ts-expect-error device.attestation_failed has no risk_score that is a number
      event.data.risk_score satisfies number;
      // @ts-expect-error a type that is not below device.
      event.type === 'flag.created';
    },
    'device.attested.*': ({ type }) => expectTypeOf(type).toEqualTypeOf<'device.attested.first'>(),
  },
});

createReceiver({
  provider: grantex(),
  secret,
  on: {
    'grant.*': (event) => {
      expectTypeOf(event.type).toEqualTypeOf<'grant.created' | 'grant.revoked'>();
      expectTypeOf(event.data.grantId).toEqualTypeOf<string>();
      if (event.type === 'grant.created') expectTypeOf(event.data.scopes).toEqualTypeOf<string[]>();
      else expectTypeOf(event.data.cascade).toEqualTypeOf<boolean>();
    },
  },
});

// `*` gets all and unknown types, and narrows by a declared type.
createReceiver({
  provider: grantex(),
  secret,
  on: {
    '*': (event) => {
      expectTypeOf(event).toEqualTypeOf<EventOf<Grantex>>();
      expectTypeOf<UnknownEvent>().toExtend<typeof event>();
      expectTypeOf(event.type).toExtend<string>();
      // @ts-expect-error unknown until it is narrowed
      event.data.grantId;
      if (event.type === 'token.issued') {
        expectTypeOf(event.data.tokenId).toEqualTypeOf<string>();
        expectTypeOf(event.type).toEqualTypeOf<'token.issued'>();
      } else if (event.type === 'grant.revoked') {
        expectTypeOf(event.data.cascade).toEqualTypeOf<boolean>();
      } else if (event.type !== 'grant.created') {
        expectTypeOf(event).toEqualTypeOf<UnknownEvent>();
        expectTypeOf(event.data).toEqualTypeOf<unknown>();
      }
      const type: string = event.type;
      expectTypeOf(type === 'budget.exhausted').toEqualTypeOf<boolean>();
      // @ts-expect-error a misspelt type does not compile, not even here
      event.type === 'grant.craeted';
    },
  },
});

// Misspelt types and patterns do not compile.
// @ts-expect-error no such type
createReceiver({ provider: grantiva(), secret, on: { 'device.hihg_risk': () => {} } });
// @ts-expect-error no type is below it
createReceiver({ provider: grantiva(), secret, on: { 'devices.*': () => {} } });
// @ts-expect-error not a pattern
createReceiver({ provider: grantiva(), secret, on: { 'device*': () => {} } });
// @ts-expect-error the type of another provider
createReceiver({ provider: grantex(), secret, on: { 'device.new': () => {} } });
// @ts-expect-error nothing is below a whole type
createReceiver({ provider: grantex(), secret, on: { 'grant.created.*': () => {} } });
// @ts-expect-error not a function
createReceiver({ provider: grantex(), secret, on: { 'grant.created': 'log it' } });
createReceiver({
  provider: grantex(),
  secret,
  on: {
    // Beside one that is misspelt a right one is as typed as ever.
    'grant.created': ({ data }) => expectTypeOf(data.scopes).toEqualTypeOf<string[]>(),
    // @ts-expect-error misspelt
    'grant.*d': () => {},
  },
});
// A name that is made when it runs is checked then, and so are handlers of whatever was written elsewhere.
const made: string = 'grant.created';
createReceiver({ provider: grantex(), secret, on: { [made]: () => {} } });
declare const found: Record<string, () => void>;
createReceiver({ provider: grantex(), secret, on: found });
const handlers: Handlers<Grantex> = { 'grant.revoked': ({ data }, { attempt }) => [data.cascade, attempt] };
createReceiver({ provider: grantex(), secret, on: handlers });
// @ts-expect-error misspelt there
const _misspelt: Handlers<Grantex> = { 'grant.revokd': () => {} };
// @ts-expect-error a handler of another type's data
createReceiver({ provider: grantex(), secret, on: { 'grant.revoked': (_: { data: { tokenId: string } }) => {} } });
// @ts-expect-error no handlers
createReceiver({ provider: grantex(), secret });
// @ts-expect-error no secret
createReceiver({ provider: grantex(), on: {} });
// @ts-expect-error process.env may lack it
createReceiver({ provider: grantex(), secret: process.env['GRANTEX_SECRET'], on: {} });
// @ts-expect-error the factory, and not what it makes
createReceiver({ provider: grantex, secret, on: {} });
// @ts-expect-error no such scheme
grantex({ signature: 'v3' });
expectTypeOf<NonNullable<GrantexOptions['signature']>>().toEqualTypeOf<'auto' | 'v1' | 'v2'>();

// A type of a family is one, and so is the family.
createReceiver({
  provider: gravv(),
  secret,
  on: {
    'customer.kyc.status.approved': ({ type, data }) => {
      expectTypeOf(type).toEqualTypeOf<`customer.kyc.status.${string}`>();
      expectTypeOf(data.customer_id).toEqualTypeOf<string>();
      expectTypeOf(data.customer_email).toEqualTypeOf<string | null | undefined>();
    },
    'customer.kyc.status.*': ({ data }) => expectTypeOf(data.customer_id).toEqualTypeOf<string>(),
    'customer.*': ({ type }) => expectTypeOf(type).toEqualTypeOf<`customer.kyc.status.${string}`>(),
    'transfer.status.completed': ({ data }) => expectTypeOf(data.amount).toEqualTypeOf<string | null | undefined>(),
    'transfer.*': ({ type }) =>
      expectTypeOf(type).toEqualTypeOf<
        'transfer.status.pending' | 'transfer.status.completed' | 'transfer.status.failed'
      >(),
    'inflow.*': ({ type }) => expectTypeOf(type).toEqualTypeOf<'inflow.completed' | 'inflow.onchain.completed'>(),
    '*': (event) => {
      if (event.type === 'customer.kyc.status.approved') expectTypeOf(event.data.customer_id).toEqualTypeOf<string>();
    },
  },
});
// @ts-expect-error not below the family
createReceiver({ provider: gravv(), secret, on: { 'customer.kyc.approved': () => {} } });
// @ts-expect-error misspelt
createReceiver({ provider: gravv(), secret, on: { 'transfer.status.complete': () => {} } });

// Standard Webhooks with events: as typed as a built-in provider.
const clerk = standardWebhooks({
  name: 'clerk',
  events: { 'user.created': z.looseObject({ id: z.string() }), 'user.deleted': z.object({ deleted: z.boolean() }) },
});
createReceiver({
  provider: clerk,
  secret,
  on: {
    'user.created': ({ data }) => expectTypeOf(data.id).toEqualTypeOf<string>(),
    'user.*': (event) => {
      expectTypeOf(event.type).toEqualTypeOf<'user.created' | 'user.deleted'>();
      if (event.type === 'user.deleted') expectTypeOf(event.data).toEqualTypeOf<{ deleted: boolean }>();
    },
    '*': (event) => {
      if (event.type === 'user.created') expectTypeOf(event.data.id).toEqualTypeOf<string>();
    },
  },
});
// @ts-expect-error no such type
createReceiver({ provider: clerk, secret, on: { 'user.updated': () => {} } });
expectTypeOf(clerk.name).toEqualTypeOf<'clerk' | 'standard-webhooks'>();

// Without events: every type is welcome, and data is unknown.
createReceiver({
  provider: standardWebhooks(),
  secret,
  on: {
    'anything.at.all': (event) => {
      expectTypeOf(event.type).toEqualTypeOf<string>();
      expectTypeOf(event.data).toEqualTypeOf<unknown>();
    },
    'anything.*': ({ data }) => expectTypeOf(data).toEqualTypeOf<unknown>(),
    '*': ({ data }) => expectTypeOf(data).toEqualTypeOf<unknown>(),
  },
});

// The request is the one of fetch, unless the secret function or the caller says another.
createReceiver({
  provider: grantex(),
  secret: (request) => {
    expectTypeOf(request).toEqualTypeOf<Request>();
    return request.headers.get('x-tenant') ?? '';
  },
  on: {
    'grant.created': (_event, context) => {
      expectTypeOf(context.request).toEqualTypeOf<Request>();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(context.key).toEqualTypeOf<string | undefined>();
      expectTypeOf(context.delivery.body).toEqualTypeOf<Uint8Array>();
    },
    '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Request>(),
  },
});

interface Context {
  readonly env: { readonly SECRET: string };
}
const ofContext = createReceiver({
  provider: grantex(),
  secret: ({ env }: Context) => env.SECRET,
  on: { '*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Context>() },
});
void ofContext.receive({ headers: {}, body: '', request: { env: { SECRET: secret } } });
// @ts-expect-error not the context
void ofContext.receive({ headers: {}, body: '', request: {} });
const ofArgument = createReceiver<Grantex, Context>({
  provider: grantex(),
  secret: async (context) => [context.env.SECRET],
  on: { 'grant.*': (_event, { request }) => expectTypeOf(request).toEqualTypeOf<Context>() },
});
expectTypeOf(ofArgument.receive).parameter(0).toHaveProperty('request');

// A secret function returns a secret.
// @ts-expect-error a number is none
createReceiver({ provider: grantex(), secret: () => 42, on: {} });
// @ts-expect-error an object is none
createReceiver({ provider: grantex(), secret: { value: secret }, on: {} });

// verifyDelivery gives an event that narrows in a switch.
export async function byHand(headers: Headers, body: Uint8Array): Promise<string> {
  const event = await verifyDelivery(grantex(), { headers, body, secret });
  expectTypeOf(event).toEqualTypeOf<EventOf<Grantex>>();
  switch (event.type) {
    case 'grant.created':
      return event.data.scopes.join(' ');
    case 'grant.revoked':
      return event.data.cascade ? event.data.grantId : '';
    case 'token.issued':
      return event.data.tokenId;
    default:
      expectTypeOf(event).toEqualTypeOf<UnknownEvent>();
      return String(event.data);
  }
}

export async function anyProvider(provider: Provider, headers: Headers, body: Uint8Array): Promise<void> {
  const event = await verifyDelivery(provider, { headers, body, secret });
  expectTypeOf(event.data).toEqualTypeOf<unknown>();
  expectTypeOf(event.type).toExtend<string>();
}

// What a factory makes has a name.
expectTypeOf(grantex()).toExtend<Grantex>();
expectTypeOf(grantiva()).toExtend<Grantiva>();
expectTypeOf(gravv()).toExtend<Gravv>();

// The types that make it so.
expectTypeOf<EventType<Grantex>>().toEqualTypeOf<'grant.created' | 'grant.revoked' | 'token.issued'>();
expectTypeOf<Pattern<Grantex>>().toEqualTypeOf<EventType<Grantex> | 'grant.*' | 'token.*' | '*'>();
expectTypeOf<'device.attested.*' | 'device.*' | '*'>().toExtend<Pattern<Grantiva>>();
expectTypeOf<'device_blocked.*'>().not.toExtend<Pattern<Grantiva>>();
expectTypeOf<'customer.kyc.status.in_review'>().toExtend<EventType<Gravv>>();
expectTypeOf<EventFor<Grantex, '*'>>().toEqualTypeOf<EventOf<Grantex>>();
expectTypeOf<EventFor<Grantex, 'token.*'>>().toEqualTypeOf<EventFor<Grantex, 'token.issued'>>();
expectTypeOf<EventFor<Grantex, 'grant.revoked'>>().toExtend<WebhookEvent<'grant.revoked'>>();
expectTypeOf<EventOf<Provider>['data']>().toEqualTypeOf<unknown>();

// What a provider may write, such as numbers in strings.
const written: EventInput<Grantiva> = { type: 'device.high_risk', data: { device_id: '', risk_score: '82' } };
expectTypeOf(written.type).toExtend<string>();
// @ts-expect-error no data of that type
const _wrong: EventInput<Grantiva> = { type: 'device.high_risk', data: { device_id: '' } };

import * as z from 'zod';
import { checkDescription, checkEndpointUrl, checkEvents, checkId, checkIdOf } from './arguments.ts';
import {
  type Created,
  type EndpointChange,
  type Ensured,
  optionalText,
  sameEvents,
  secretSchema,
  withUrl,
} from './endpoint.ts';
import { Delivery, type GrantivaDelivery, type GrantivaTest, Page, Test } from './grantiva-deliveries.ts';
import type { GrantivaEndpoint, GrantivaEndpointUpdate, NewGrantivaEndpoint } from './grantiva-endpoint.ts';
import type { Api } from './http/api.ts';
import { checkBaseUrl } from './http/base-url.ts';
import { createClient } from './http/client.ts';
import { bearer, cookies } from './http/credential.ts';
import {
  type CallOptions,
  type ClientOptions,
  checkCall,
  checkNames,
  checkOptions,
  invalid,
  ownOptions,
} from './options.ts';
import { checkPages, type Deliveries, deliveriesOf, type PageChoice } from './pages.ts';

/** Where Grantiva is, and how to call it. */
export interface GrantivaConnection extends ClientOptions {
  /** The organisation's Grantiva host, such as `https://acme.grantiva.example`; https, or http on loopback. */
  readonly baseUrl: string | URL;
}

/** Options of {@link grantivaEndpoints}: exactly one of `token` and `cookie`, of someone with the Admin role or above. */
export type GrantivaEndpointsOptions = GrantivaConnection &
  (
    | { /** An API key, `gpat_…` or `aat_…`. */ readonly token: string; readonly cookie?: undefined }
    | { /** The whole `Cookie` header of a session. */ readonly cookie: string; readonly token?: undefined }
  );

/** A client of Grantiva's webhook endpoint API. Every method throws {@link EndpointError}. */
export interface GrantivaEndpoints {
  /** All endpoints of the organisation, newest first. */
  list(call?: CallOptions): Promise<readonly GrantivaEndpoint[]>;
  /** Creates an endpoint. It is never repeated by itself, because each attempt would make another. */
  create(endpoint: NewGrantivaEndpoint, call?: CallOptions): Promise<Created<GrantivaEndpoint>>;
  /** Changes an endpoint. */
  update(id: string, changes: GrantivaEndpointUpdate, call?: CallOptions): Promise<GrantivaEndpoint>;
  /** Deletes an endpoint for good. */
  delete(id: string, call?: CallOptions): Promise<void>;
  /**
   * Creates the endpoint unless there is one with this URL, which is then updated where it differs. Other endpoints are
   * left alone.
   */
  ensure(endpoint: NewGrantivaEndpoint, call?: CallOptions): Promise<Ensured<GrantivaEndpoint>>;
  /**
   * What became of the deliveries to an endpoint, the newest first. Nothing is asked for before it is read; wrong arguments
   * throw at once.
   */
  deliveries(id: string, choice?: PageChoice, call?: CallOptions): Deliveries<GrantivaDelivery>;
  /** Has a delivery sent again, in the background: the log tells what becomes of it. */
  retry(id: string, deliveryId: string, call?: CallOptions): Promise<GrantivaDelivery>;
  /** Has a made-up `attestation.completed` sent, which is signed but in no log, and tells what your endpoint answered. */
  test(id: string, call?: CallOptions): Promise<GrantivaTest>;
}

/**
 * Makes a client of Grantiva's webhook endpoint API, from its webhook API documentation.
 *
 * @throws WebhookError `invalid_options` for wrong options, and from every method, before anything is sent, for wrong
 * arguments
 *
 * @example
 * ```ts
 * import { grantivaEndpoints } from '@hookproof/endpoints';
 *
 * const endpoints = grantivaEndpoints({
 *   baseUrl: process.env.GRANTIVA_URL ?? '',
 *   token: process.env.GRANTIVA_TOKEN ?? '',
 * });
 * const result = await endpoints.ensure({
 *   url: 'https://example.com/webhooks/grantiva',
 *   events: ['device.high_risk', 'device.new'],
 * });
 * if (result.action === 'created') console.log('store', result.endpoint.secret.reveal().length, 'characters');
 * ```
 */
export function grantivaEndpoints(options: GrantivaEndpointsOptions): GrantivaEndpoints {
  const settings = checkOptions('grantivaEndpoints', options, { baseUrl: true, token: true, cookie: true });
  const api = grantivaApi(ownOptions(options));
  const send = createClient(api, settings);

  const list = (call?: CallOptions) =>
    send({ method: 'GET', path: root, ofEndpoint: false, answer: z.array(Endpoint) }, call);

  const create = (body: NewGrantivaEndpoint, call?: CallOptions) =>
    send({ method: 'POST', path: root, body, ofEndpoint: false, answer: CreatedEndpoint }, call);

  const update = (id: string, body: GrantivaEndpointUpdate, call?: CallOptions) =>
    send({ method: 'PATCH', path: `${root}/${checkId(id)}`, body, ofEndpoint: true, answer: Endpoint }, call);

  const checkNew = (endpoint: NewGrantivaEndpoint) => {
    const names = { url: true, events: true, description: true } as const;
    const { url, events, description } = checkNames<NewGrantivaEndpoint>('a new endpoint', endpoint, names);
    return {
      url: checkEndpointUrl(url, false),
      events: checkEvents(events),
      description: checkDescription(description),
    };
  };

  return {
    list,
    deliveries(id, choice = {}, call) {
      const path = `${root}/${checkId(id)}/deliveries`;
      const names = { pageSize: true, page: true } as const;
      const { pageSize, page: first } = checkPages(checkNames<PageChoice>('deliveries', choice, names));
      checkCall(call ?? {});
      return deliveriesOf(async (page) => {
        const query = new URLSearchParams({ page: `${page}`, per: `${pageSize}` });
        const answer = await send({ method: 'GET', path: `${path}?${query}`, ofEndpoint: true, answer: Page }, call);
        const { total, per } = answer.metadata;
        return { deliveries: answer.items, total, page, pageSize: per ?? pageSize };
      }, first);
    },

    async retry(id, deliveryId, call) {
      const delivery = checkIdOf('deliveryId', 'a delivery', 'deliveries()', deliveryId);
      const path = `${root}/${checkId(id)}/deliveries/${delivery}/retry`;
      const names = { what: 'endpoint or delivery', fix: 'Look with list() and deliveries(): it may be deleted.' };
      const refused = 'Is the endpoint active? update(id, { isActive: true }) turns it on.';
      // A receiver knows a copy.
      return send({ method: 'POST', path, ofEndpoint: true, names, refused, sends: 'again', answer: Delivery }, call);
    },

    async test(id, call) {
      const path = `${root}/${checkId(id)}/test`;
      return send({ method: 'POST', path, ofEndpoint: true, sends: 'once', answer: Test }, call);
    },

    create: async (endpoint, call) => create(checkNew(endpoint), call),
    update: async (id, changes, call) => update(id, checkChanges(changes), call),

    async delete(id, call) {
      const path = `${root}/${checkId(id)}`;
      await send({ method: 'DELETE', path, ofEndpoint: true, answer: z.undefined() }, call);
    },

    async ensure(endpoint, call) {
      const wanted = checkNew(endpoint);
      const same = withUrl(await list(call), wanted.url);
      const fitting = same.find((one) => differences(one, wanted).length === 0);
      if (fitting !== undefined) return { action: 'unchanged', endpoint: fitting };
      const [newest] = same;
      if (newest === undefined) return { action: 'created', endpoint: await create(wanted, call) };
      const changed = differences(newest, wanted);
      const all = { ...wanted, isActive: true };
      const changes = Object.fromEntries(changed.map((name) => [name, all[name]]));
      return { action: 'updated', endpoint: await update(newest.id, changes, call), changed };
    },
  };
}

const root = '/api/v1/org/webhooks';

// What is not named here is left out, so that nothing secret can be in a list.
const Endpoint = z.object({
  id: z.string().min(1),
  url: z.string(),
  events: z.array(z.string()),
  isActive: z.boolean(),
  description: optionalText,
  createdAt: z.string(),
  updatedAt: optionalText,
});
const CreatedEndpoint = Endpoint.extend({ secret: secretSchema });

function grantivaApi({ baseUrl, token, cookie }: GrantivaEndpointsOptions): Api {
  if ((token === undefined) === (cookie === undefined)) {
    throw invalid(
      token === undefined ? 'Neither token nor cookie was given.' : 'Both token and cookie were given.',
      'Give exactly one: token, an API key gpat_… or aat_…, or cookie, the Cookie header of a session.',
    );
  }
  const given = token === undefined ? 'cookie' : 'token';
  // Its pages disagree.
  const sessionAlone =
    token === undefined ? '' : ' By its newer pages no API key is accepted here: give cookie, of a dashboard session.';
  return {
    name: 'Grantiva',
    baseUrl: checkBaseUrl(baseUrl),
    credential: token === undefined ? cookies('cookie', cookie) : bearer('token', token),
    fixes: {
      unauthorized: `Check ${given}: it may be expired or revoked, or of another host than baseUrl.${sessionAlone}`,
      forbidden: `Use the credentials of someone with the Admin role or above in the organisation, on a plan with webhooks.${sessionAlone}`,
      planLimit: 'Webhooks need a paid plan, and each allows a number of endpoints: delete one, or change the plan.',
    },
  };
}

function checkChanges(given: GrantivaEndpointUpdate): GrantivaEndpointUpdate {
  if (typeof given === 'object' && given !== null && Object.hasOwn(given, 'url')) {
    throw invalid('url cannot be changed at Grantiva.', 'Create an endpoint with the new URL, and delete this one.');
  }
  const names = { isActive: true, events: true, description: true } as const;
  const changes = checkNames<GrantivaEndpointUpdate>('update', given, names);
  const { isActive, events } = changes;
  if (isActive !== undefined && typeof isActive !== 'boolean')
    throw invalid('isActive is not a boolean.', 'Give true or false.');
  const description = checkDescription(changes.description);
  if (isActive === undefined && events === undefined && description === undefined) {
    throw invalid('There is nothing to change.', 'Give isActive, events or description.');
  }
  return { isActive, description, events: events === undefined ? undefined : checkEvents(events) };
}

function differences(endpoint: GrantivaEndpoint, wanted: NewGrantivaEndpoint): readonly EndpointChange[] {
  const { description = endpoint.description } = wanted;
  const differs = {
    events: !sameEvents(endpoint.events, wanted.events),
    isActive: !endpoint.isActive,
    description: (endpoint.description ?? '') !== (description ?? ''),
  };
  return (['events', 'isActive', 'description'] as const).filter((name) => differs[name]);
}

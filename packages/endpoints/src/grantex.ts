import type { EventType, grantex } from '@hookproof/core';
import * as z from 'zod';
import { checkEndpointUrl, checkEvents, checkId } from './arguments.ts';
import { checkFilter, deliveriesOf, type GrantexDeliveries, type GrantexDeliveryFilter, Page } from './deliveries.ts';
import { type Created, type Ensured, sameEvents, secretSchema, withUrl } from './endpoint.ts';
import { EndpointError } from './error.ts';
import type { Api } from './http/api.ts';
import { checkBaseUrl } from './http/base-url.ts';
import { createClient } from './http/client.ts';
import { bearer } from './http/credential.ts';
import {
  type CallOptions,
  type ClientOptions,
  checkCall,
  checkNames,
  checkOptions,
  invalid,
  ownOptions,
} from './options.ts';

/** An event that an endpoint can subscribe to; any other name is passed on, for those to come. */
export type GrantexEventName = EventType<ReturnType<typeof grantex>> | (string & {});

/** A webhook endpoint at Grantex. */
export interface GrantexEndpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** ISO 8601, as Grantex sent it. */
  readonly createdAt: string;
}

/** What an endpoint at Grantex is to be. */
export interface NewGrantexEndpoint {
  /** An https URL; http only where `baseUrl` is on loopback, which is Grantex's development server. */
  readonly url: string;
  /** At least one. */
  readonly events: readonly GrantexEventName[];
}

/** What `ensure` is to have at Grantex. */
export interface WantedGrantexEndpoint extends NewGrantexEndpoint {
  /**
   * Whether an endpoint whose events differ is replaced by a new one, with a new secret, because Grantex cannot change
   * it; `false` by default: then `ensure` throws `cannot_update`.
   */
  readonly replace?: boolean | undefined;
}

/** What `ensure` has done at Grantex. Only what it created has a secret. */
export type GrantexEnsured =
  | Exclude<Ensured<GrantexEndpoint>, { readonly action: 'updated' }>
  | {
      readonly action: 'replaced';
      readonly endpoint: Created<GrantexEndpoint>;
      /** The endpoint that was there before. */
      readonly previous: GrantexEndpoint;
      /**
       * Why `previous` could not be deleted, mostly an {@link EndpointError}; undefined if it was. It is returned and not
       * thrown, so that the new secret is not lost; both endpoints get deliveries until you delete `previous`.
       */
      readonly deleteError: Error | undefined;
    };

/** Options of {@link grantexEndpoints}. */
export interface GrantexEndpointsOptions extends ClientOptions {
  readonly apiKey: string;
  /** https, or http on loopback; `https://api.grantex.dev` by default. */
  readonly baseUrl?: string | URL | undefined;
}

/** A client of Grantex's webhook endpoint API. Every method throws {@link EndpointError}. */
export interface GrantexEndpoints {
  /** All endpoints. */
  list(call?: CallOptions): Promise<readonly GrantexEndpoint[]>;
  /** Creates an endpoint. It is never repeated by itself, because each attempt would make another. */
  create(endpoint: NewGrantexEndpoint, call?: CallOptions): Promise<Created<GrantexEndpoint>>;
  /** Deletes an endpoint for good. */
  delete(id: string, call?: CallOptions): Promise<void>;
  /**
   * Creates the endpoint unless there is one with this URL. Grantex has no update: one with other events is replaced if
   * `replace` says so. Other endpoints are left alone.
   */
  ensure(endpoint: WantedGrantexEndpoint, call?: CallOptions): Promise<GrantexEnsured>;
  /**
   * What became of the deliveries to an endpoint. Nothing is asked for before it is read; wrong arguments throw at once.
   */
  deliveries(id: string, filter?: GrantexDeliveryFilter, call?: CallOptions): GrantexDeliveries;
}

/**
 * Makes a client of Grantex's webhook endpoint API, from its webhook documentation and its API.
 *
 * @throws WebhookError `invalid_options` for wrong options, and from every method, before anything is sent, for wrong
 * arguments
 *
 * @example
 * ```ts
 * import { grantexEndpoints } from '@hookproof/endpoints';
 *
 * const endpoints = grantexEndpoints({ apiKey: process.env.GRANTEX_API_KEY ?? '' });
 * for (const { id } of await endpoints.list()) {
 *   for await (const { eventType, lastError } of endpoints.deliveries(id, { status: 'failed' })) {
 *     console.log(eventType, JSON.stringify(lastError));
 *   }
 * }
 * ```
 */
export function grantexEndpoints(options: GrantexEndpointsOptions): GrantexEndpoints {
  const settings = checkOptions('grantexEndpoints', options, { apiKey: true, baseUrl: true });
  const api = grantexApi(ownOptions(options));
  const send = createClient(api, settings);

  const list = async (call?: CallOptions) =>
    (await send({ method: 'GET', path: root, ofEndpoint: false, answer: Endpoints }, call)).webhooks;

  const create = (body: NewGrantexEndpoint, call?: CallOptions) =>
    send({ method: 'POST', path: root, body, ofEndpoint: false, answer: CreatedEndpoint }, call);

  const remove = async (id: string, call?: CallOptions) => {
    const path = `${root}/${checkId(id)}`;
    await send({ method: 'DELETE', path, ofEndpoint: true, answer: z.undefined() }, call);
  };

  const checkNew = ({ url, events }: NewGrantexEndpoint) => ({
    // Its development server is on loopback.
    url: checkEndpointUrl(url, api.baseUrl.loopback),
    events: checkEvents(events),
  });

  return {
    list,
    delete: remove,

    async create(endpoint, call) {
      const given = checkNames<NewGrantexEndpoint>('a new endpoint', endpoint, { url: true, events: true });
      return create(checkNew(given), call);
    },

    async ensure(endpoint, call) {
      const given = checkNames<typeof endpoint>('ensure', endpoint, { url: true, events: true, replace: true });
      const wanted = checkNew(given);
      const { replace = false } = given;
      if (typeof replace !== 'boolean') throw invalid('replace is no boolean.', 'Give true or false.');
      const same = withUrl(await list(call), wanted.url);
      const fitting = same.find(({ events }) => sameEvents(events, wanted.events));
      if (fitting !== undefined) return { action: 'unchanged', endpoint: fitting };
      const [previous] = same;
      if (previous === undefined) return { action: 'created', endpoint: await create(wanted, call) };
      if (!replace) throw cannotUpdate();
      // The new one first: between the two, an event comes twice rather than not at all.
      const created = await create(wanted, call);
      const deleteError = await remove(previous.id, call).then(() => undefined, asError);
      return { action: 'replaced', endpoint: created, previous, deleteError };
    },

    deliveries(id, filter = {}, call) {
      const path = `${root}/${checkId(id)}/deliveries`;
      const { status, pageSize } = checkFilter(filter);
      checkCall(call ?? {});
      return deliveriesOf((page) => {
        const query = new URLSearchParams({ ...(status && { status }), page: `${page}`, pageSize: `${pageSize}` });
        return send({ method: 'GET', path: `${path}?${query}`, ofEndpoint: true, answer: Page }, call);
      });
    },
  };
}

const root = '/v1/webhooks';

// What is not named here is left out, so that nothing secret can be in a list.
const Endpoint = z.object({
  id: z.string().min(1),
  url: z.string(),
  events: z.array(z.string()),
  createdAt: z.string(),
});
const Endpoints = z.object({ webhooks: z.array(Endpoint) });
const CreatedEndpoint = Endpoint.extend({ secret: secretSchema });

function grantexApi({ apiKey, baseUrl = 'https://api.grantex.dev' }: GrantexEndpointsOptions): Api {
  return {
    name: 'Grantex',
    baseUrl: checkBaseUrl(baseUrl),
    credential: bearer('apiKey', apiKey),
    fixes: {
      unauthorized: 'Check apiKey: it may be revoked, or of another environment than baseUrl.',
      forbidden: 'Use an API key that may manage webhooks.',
      planLimit: 'The plan allows a number of endpoints: delete one that is not needed, or change the plan.',
    },
  };
}

function cannotUpdate(): EndpointError {
  return new EndpointError(
    'cannot_update',
    'An endpoint with this URL has other events, and Grantex cannot change it.',
    {
      fix:
        'Pass replace: true for a new endpoint with a new secret, after which this one is deleted; or delete it yourself; ' +
        'or pass the events that it has.',
      attempts: 0,
    },
  );
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('The endpoint could not be deleted.', { cause: thrown });
}

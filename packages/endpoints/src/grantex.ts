import * as z from 'zod';
import { checkEndpointUrl, checkEvents, checkId } from './arguments.ts';
import { checkFilter, type GrantexDeliveries, type GrantexDeliveryFilter, Page } from './deliveries.ts';
import { type Created, sameEvents, secretSchema, withUrl } from './endpoint.ts';
import { EndpointError } from './error.ts';
import type { GrantexEndpoint, GrantexEnsured, NewGrantexEndpoint, WantedGrantexEndpoint } from './grantex-endpoint.ts';
import type { Api } from './http/api.ts';
import { aborted } from './http/attempt.ts';
import { checkBaseUrl } from './http/base-url.ts';
import { createClient } from './http/client.ts';
import { bearer } from './http/credential.ts';
import { errorOf } from './http/failure.ts';
import {
  type CallOptions,
  type ClientOptions,
  checkCall,
  checkNames,
  checkOptions,
  invalid,
  ownOptions,
} from './options.ts';
import { deliveriesOf } from './pages.ts';
import {
  checkWait,
  type GrantexRetired,
  type RetireOptions,
  sleeper,
  untilDelivered,
  type Wait,
  waitNames,
} from './retire.ts';

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
  /** Deletes an endpoint for good, at once. What is queued for it is never delivered: {@link retire} waits for that. */
  delete(id: string, call?: CallOptions): Promise<void>;
  /**
   * Deletes an endpoint once all that was queued for it when the call began is delivered or given up.
   *
   * @returns `deleted: false` where that took longer than `waitMs`; call it again then
   */
  retire(id: string, options?: RetireOptions, call?: CallOptions): Promise<GrantexRetired>;
  /**
   * Creates the endpoint unless there is one with this URL. Grantex has no update: one with other events is replaced if
   * `replace` says so, and then retired as {@link retire} does. Other endpoints are left alone.
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

  const deliveries: GrantexEndpoints['deliveries'] = (id, filter = {}, call) => {
    const path = `${root}/${checkId(id)}/deliveries`;
    const { status, pageSize, page: first } = checkFilter(filter);
    checkCall(call ?? {});
    return deliveriesOf((page) => {
      const query = new URLSearchParams({ ...(status && { status }), page: `${page}`, pageSize: `${pageSize}` });
      return send({ method: 'GET', path: `${path}?${query}`, ofEndpoint: true, answer: Page }, call);
    }, first);
  };

  const sleepIn = (call: CallOptions | undefined) =>
    sleeper(call?.signal, (signal) => errorOf(aborted(api, signal), 0, false));

  const retire = async (id: string, wait: Wait, call: CallOptions | undefined): Promise<GrantexRetired> => {
    const pending = await untilDelivered(() => deliveries(id, { status: 'pending' }, call), wait, sleepIn(call));
    if (pending === 0) await remove(id, call);
    return { deleted: pending === 0, pending };
  };

  /** Retires the endpoint that another has just replaced; never throws. */
  const retireReplaced = async ({ id }: GrantexEndpoint, wait: Wait, call: CallOptions | undefined) => {
    let pending = 0;
    const onPending = (count: number) => {
      pending = count;
      return wait.onPending(count);
    };
    try {
      // An event that came while the other was being created may not be queued yet.
      await sleepIn(call)(wait.pollMs);
      const { deleted } = await retire(id, { ...wait, onPending }, call);
      return { kept: deleted ? undefined : ('pending' as const), pending, deleteError: undefined };
    } catch (thrown) {
      return { kept: 'failed' as const, pending, deleteError: asError(thrown) };
    }
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

    async retire(id, options = {}, call) {
      return retire(id, checkWait(checkNames<RetireOptions>('retire', options, waitNames)), call);
    },

    async ensure(endpoint, call) {
      const given = checkNames<typeof endpoint>('ensure', endpoint, wantedNames);
      const wanted = checkNew(given);
      const wait = checkWait(given);
      const { replace = false, onCreated = () => {} } = given;
      if (typeof replace !== 'boolean') throw invalid('replace is not a boolean.', 'Give true or false.');
      if (typeof onCreated !== 'function')
        throw invalid('onCreated is not a function.', 'Give one that takes an endpoint.');
      const same = withUrl(await list(call), wanted.url);
      const fitting = same.find(({ events }) => sameEvents(events, wanted.events));
      const others = same.filter((one) => one !== (fitting ?? same[0]));
      if (fitting !== undefined) return { action: 'unchanged', endpoint: fitting, others };
      const [previous] = same;
      if (previous !== undefined && !replace) throw cannotUpdate();
      // The new one first: between the two, an event comes twice rather than not at all.
      const created = await create(wanted, call);
      await onCreated(created, previous);
      if (previous === undefined) return { action: 'created', endpoint: created };
      const end = await retireReplaced(previous, wait, call);
      return { action: 'replaced', endpoint: created, previous, others, ...end };
    },

    deliveries,
  };
}

const root = '/v1/webhooks';
const wantedNames = { url: true, events: true, replace: true, onCreated: true, ...waitNames } as const;

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
      refused:
        'Check url and events: Grantex takes no url with http, localhost, or an address that is loopback, private, ' +
        'link-local or a single number.',
    },
  };
}

function cannotUpdate(): EndpointError {
  return new EndpointError(
    'cannot_update',
    'An endpoint with this URL has other events, and Grantex cannot change it.',
    {
      fix:
        'Pass replace: true for a new endpoint with a new secret, after which this one is deleted once nothing is queued for ' +
        'it; or retire it yourself; or pass the events that it has.',
      attempts: 0,
    },
  );
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('The endpoint could not be deleted.', { cause: thrown });
}

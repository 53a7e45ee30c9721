import {
  EndpointError,
  EndpointSecret,
  type Fetch,
  type GrantexEndpoints,
  type GrantivaEndpoints,
  type GravvDeliveries,
  grantexEndpoints,
  grantivaEndpoints,
  gravvDeliveries,
} from '@hookproof/endpoints';
import type { CallMade, CallOrder } from './wire.ts';

/** What is used of Deno's own client for HTTP. */
declare const Deno: { createHttpClient(options: { readonly poolMaxIdlePerHost: number }): object };

type Made = Pick<CallMade, 'value' | 'revealed'>;

/** Makes the call of an order with this process's own package, and prints what became of it, as users do. */
export async function makeCall(order: CallOrder): Promise<Omit<CallMade, 'runtime'>> {
  const controller = new AbortController();
  if (order.abortWhen !== undefined) {
    const abort = () => controller.abort(new Error('enough'));
    fetch(order.abortWhen).then(abort, () => undefined);
  }
  try {
    const made = await call(order, controller.signal);
    console.log(made.value);
    return made;
  } catch (error) {
    console.log(error);
    if (!(error instanceof EndpointError)) throw error;
    const { message, cause } = error;
    return { error: { ...error, message, cause } };
  }
}

async function call(order: CallOrder, signal: AbortSignal): Promise<Made> {
  const { provider, credential } = order;
  const options = optionsOf(order);
  if (provider === 'gravv') return callGravv(gravvDeliveries({ ...options, apiKey: credential }), order, signal);
  if (provider === 'grantex') return callGrantex(grantexEndpoints({ ...options, apiKey: credential }), order, signal);
  return callGrantiva(grantivaEndpoints({ ...options, token: credential }), order, signal);
}

async function callGravv(client: GravvDeliveries, order: CallOrder, signal: AbortSignal): Promise<Made> {
  if (order.method === 'history') return idsIn(client.history({ pageSize: order.pageSize }, { signal }));
  if (order.method === 'send') return { value: await client.send(order.id, { signal }) };
  throw new Error(`Gravv has no ${order.method}`);
}

async function callGrantex(client: GrantexEndpoints, order: CallOrder, signal: AbortSignal): Promise<Made> {
  if (order.method === 'retire') return { value: await client.retire(order.id, { pollMs: 1 }, { signal }) };
  return callEither(client, order, signal);
}

async function callGrantiva(client: GrantivaEndpoints, order: CallOrder, signal: AbortSignal): Promise<Made> {
  if (order.method === 'retry') return { value: await client.retry(order.id, order.deliveryId, { signal }) };
  return callEither(client, order, signal);
}

async function callEither(
  client: GrantexEndpoints | GrantivaEndpoints,
  order: CallOrder,
  signal: AbortSignal,
): Promise<Made> {
  switch (order.method) {
    case 'list':
      return { value: await client.list({ signal }) };
    case 'create':
      return made(await client.create(order.endpoint, { signal }));
    case 'ensure': {
      const { action, endpoint } = await client.ensure(order.endpoint, { signal });
      return { value: { action, endpoint }, revealed: made(endpoint).revealed };
    }
    case 'delete':
      return { value: await client.delete(order.id, { signal }) };
    case 'deliveries':
      return idsIn(client.deliveries(order.id, { pageSize: order.pageSize }, { signal }));
    default:
      throw new Error(`${order.provider} has no ${order.method}`);
  }
}

async function idsIn(deliveries: AsyncIterable<{ readonly id: string }>): Promise<Made> {
  const ids: string[] = [];
  for await (const { id } of deliveries) ids.push(id);
  return { value: ids };
}

function optionsOf({ baseUrl, timeoutMs, maxAttempts, keepsNoConnection }: CallOrder) {
  return {
    baseUrl,
    timeoutMs,
    maxAttempts,
    fetch: keepsNoConnection ? fetchWithoutPool() : undefined,
    backoff: () => 0,
  };
}

function fetchWithoutPool(): Fetch {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  return (url, init) => {
    const withClient = { ...init, client };
    return fetch(url, withClient);
  };
}

function made(endpoint: object): Made {
  const secret = 'secret' in endpoint && endpoint.secret instanceof EndpointSecret ? endpoint.secret : undefined;
  if (secret !== undefined) console.log(`created with ${secret}`, secret);
  return { value: endpoint, revealed: secret?.reveal() };
}

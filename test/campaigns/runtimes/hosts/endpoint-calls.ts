import { EndpointError, EndpointSecret, type Fetch, grantexEndpoints, grantivaEndpoints } from '@hookproof/endpoints';
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
  const client = clientOf(order);
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
    case 'deliveries': {
      if (!('deliveries' in client)) throw new Error(`${order.provider} has no deliveries`);
      const ids: string[] = [];
      const { id, pageSize } = order;
      for await (const delivery of client.deliveries(id, { pageSize }, { signal })) ids.push(delivery.id);
      return { value: ids };
    }
  }
}

function clientOf({ provider, baseUrl, credential, timeoutMs, maxAttempts, keepsNoConnection }: CallOrder) {
  const fetch = keepsNoConnection ? fetchWithoutPool() : undefined;
  const options = { baseUrl, timeoutMs, maxAttempts, fetch, backoff: () => 0 };
  return provider === 'grantex'
    ? grantexEndpoints({ ...options, apiKey: credential })
    : grantivaEndpoints({ ...options, token: credential });
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

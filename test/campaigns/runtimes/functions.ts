import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Handler, Provider, WebhookEvent, WebhookOptions } from '@hookproof/core';
import { type AppOrder, type Calls, decode, encode } from './hosts/wire.ts';

type Options = WebhookOptions<Provider>;
/** Takes a call as it came over the wire. The signal aborts when the host gives the call up. */
type Answer = (argument: string, signal: AbortSignal) => unknown;
type Functions = Readonly<Record<keyof Calls, Answer>>;

/** What of an order the options decide. */
type OrderedOptions = Pick<AppOrder, 'functions' | 'secret' | 'handlers' | 'dedupe' | 'limits'>;

/** Answers hosts that call the functions of options, which stay in this process. */
export interface FunctionServer {
  /** Registers the functions of an app's options under its id, and describes the options for the host. */
  readonly register: (id: string, options: Options) => OrderedOptions;
  readonly forget: (id: string) => void;
  readonly close: () => Promise<void>;
}

export async function serveFunctions(): Promise<FunctionServer> {
  const apps = new Map<string, Functions>();
  const server = createServer(async (request, response) => {
    const [, id = '', name = ''] = request.url?.split('/') ?? [];
    const functions = apps.get(id);
    if (functions === undefined || !isName(name)) return void response.writeHead(404).end(encode(new Error('unknown')));
    await answer(functions[name], request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    register(id, options) {
      apps.set(id, functionsOf(options));
      return { functions: `http://127.0.0.1:${port}/${id}`, ...dataOf(options) };
    },
    forget: (id) => void apps.delete(id),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(run: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableEnded) gone.abort(new Error('the host gave the call up'));
  });
  try {
    const returned = await run(await text(request), gone.signal);
    response.end(encode({ answer: returned }));
  } catch (error) {
    response.writeHead(500).end(encode(error instanceof Error ? error : new Error(String(error))));
  }
}

/** Stands for the framework's own request, which cannot leave the host. */
const requestOf = (hasRequest: boolean): unknown => (hasRequest ? 'a request in the host' : undefined);

function taking<Name extends keyof Calls>(run: (argument: Calls[Name], signal: AbortSignal) => unknown): Answer {
  return (argument, signal) => run(decode<Calls[Name]>(argument), signal);
}

function functionsOf({ secret, on, dedupe, onOutcome }: Options): Functions {
  return {
    secret: taking<'secret'>(({ hasRequest }) => {
      return typeof secret === 'function' ? secret(requestOf(hasRequest)) : undefined;
    }),
    claim: taking<'claim'>(async ({ key, leaseMs }) => {
      const claim = dedupe ? await dedupe.claim(key, leaseMs) : undefined;
      if (claim?.state === 'taken') throw new Error('no host can hold a claim that is taken');
      return claim;
    }),
    handler: taking<'handler'>(async (call, signal) => {
      const { pattern, index, event, owner, key, attempt, receivedAt, hasRequest } = call;
      const { headers, body, id } = call.delivery;
      const context = {
        delivery: { headers: new Map(headers), body, id },
        owner,
        key,
        attempt,
        receivedAt,
        signal,
        request: requestOf(hasRequest),
        complete: () => {
          throw new Error('a transaction cannot be bridged');
        },
      };
      await handlersOf(on, pattern)[index]?.(event, context);
    }),
    outcome: taking<'outcome'>(({ facts, diagnosis, hasRequest }) => {
      const diagnose = diagnosis && (async () => diagnosis);
      return onOutcome?.({ ...facts, diagnose }, requestOf(hasRequest));
    }),
  };
}

function dataOf({
  secret,
  on,
  dedupe,
  onOutcome: _bridged,
  now,
  ...limits
}: Options): Omit<OrderedOptions, 'functions'> {
  if (now !== undefined) throw new Error('the clock cannot be bridged');
  return {
    secret: typeof secret === 'function' ? undefined : secret,
    handlers: Object.fromEntries(Object.keys(on).map((pattern) => [pattern, handlersOf(on, pattern).length])),
    dedupe: dedupe === undefined ? 'default' : dedupe && 'store',
    limits: Object.fromEntries(
      Object.entries(limits).flatMap(([name, value]) => {
        if (value === undefined) return [];
        if (typeof value !== 'number') throw new Error(`the option ${name} cannot be bridged`);
        return [[name, value]];
      }),
    ),
  };
}

function handlersOf(on: Options['on'], pattern: string): readonly Handler<WebhookEvent>[] {
  const handlers = on[pattern] ?? [];
  return typeof handlers === 'function' ? [handlers] : handlers;
}

function isName(name: string): name is keyof Calls {
  return ['secret', 'claim', 'handler', 'outcome'].includes(name);
}

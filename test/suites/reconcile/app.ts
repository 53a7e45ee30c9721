import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createReceiver, type Inbox, type Provider, type SecretOption } from '@hookproof/core';

/** An app that receives into an inbox, and notes what its handler gets. */
export async function appWith(
  provider: Provider,
  secret: SecretOption<undefined>,
  inbox: Inbox,
  receiverName?: string,
) {
  const handled: string[] = [];
  const receiver = createReceiver<Provider, undefined, Inbox>({
    ...{ provider, secret, inbox, receiverName },
    on: { '*': ({ envelope }) => void handled.push(markIn(envelope)) },
  });
  const server = createServer(async (request, response) => {
    const { status, headers, body } = await receiver.receive({
      headers: Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
      body: await text(request),
      request: undefined,
    });
    response.writeHead(status, headers).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/webhooks`,
    receiver,
    /** The mark of each event, in the order in which they were handled. */
    handled,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The number that a test gave to an event. */
function markIn(envelope: unknown): string {
  return /"mark":"(\w+)"/.exec(JSON.stringify(envelope))?.[1] ?? 'none';
}

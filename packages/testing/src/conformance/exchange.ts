import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';

/** A reply as it came over the wire. */
export interface WireReply {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly allow: string | undefined;
  readonly body: string;
}

/** What to send. Header values may be lists: each is sent as a header of its own. */
export interface WireDelivery {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

/**
 * Sends a delivery, in `chunks` pieces where that is given, and reads the reply. Without an `agent` it goes over a
 * connection of its own.
 */
export function send(url: string, delivery: WireDelivery, chunks?: number, agent?: Agent): Promise<WireReply> {
  return exchange(url, delivery, agent, (sending) => {
    const { body } = delivery;
    if (chunks === undefined) {
      // Even an empty body gets its length, as real senders give it.
      sending.setHeader('content-length', body.length);
      sending.end(body);
      return;
    }
    const size = Math.max(1, Math.ceil(body.length / chunks));
    for (let start = 0; start < body.length; start += size) sending.write(body.subarray(start, start + size));
    sending.end();
  });
}

/** Sends the headers and the start of a body, and no more: what a sender does that stalls. */
export function sendStart(url: string, delivery: WireDelivery, length: number): Promise<WireReply> {
  return exchange(url, delivery, undefined, (sending) => {
    sending.setHeader('content-length', delivery.body.length);
    sending.write(delivery.body.subarray(0, length));
  });
}

/** Starts an upload and hangs up in the middle. Resolves once the connection is gone. */
export function hangUp(url: string, delivery: WireDelivery, length: number): Promise<void> {
  return new Promise((resolve) => {
    const sending = open(url, delivery);
    sending.setHeader('content-length', delivery.body.length);
    sending.on('error', () => undefined);
    sending.on('close', resolve);
    sending.write(delivery.body.subarray(0, length), () => sending.destroy());
  });
}

function exchange(
  url: string,
  delivery: WireDelivery,
  agent: Agent | undefined,
  upload: (sending: ClientRequest) => void,
): Promise<WireReply> {
  return new Promise((resolve, reject) => {
    const sending = open(url, delivery, agent);
    let replied = false;
    // A server may reply and close while the upload is still going on: the reply is what counts.
    sending.on('error', (error) => {
      if (!replied) reject(error);
    });
    sending.on('response', (response) => {
      replied = true;
      read(response).then((reply) => {
        if (agent === undefined) sending.destroy();
        resolve(reply);
      }, reject);
    });
    upload(sending);
  });
}

function open(url: string, { method = 'POST', headers }: WireDelivery, agent?: Agent): ClientRequest {
  const lists = Object.entries(headers).map(([name, value]): [string, string | string[]] => [
    name,
    typeof value === 'string' ? value : [...value],
  ]);
  return request(url, { method, agent: agent ?? false, headers: Object.fromEntries(lists) });
}

async function read(response: IncomingMessage): Promise<WireReply> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'],
    allow: response.headers.allow,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

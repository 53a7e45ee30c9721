import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { GrantexDelivery } from '@hookproof/endpoints';
import * as z from 'zod';

/** A request as the provider got it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Takes the place of one answer. `perform` does what was asked for, and returns what would have been answered. */
export type Answer = (response: ServerResponse, perform: () => Reply, seen: Seen) => void;

/** A provider's API on loopback, with its state in memory. */
export interface ProviderServer {
  readonly baseUrl: string;
  /** All requests, the oldest first. */
  readonly seen: readonly Seen[];
  /** What to answer to the next requests instead of the usual, one each. */
  readonly next: (...answers: readonly Answer[]) => void;
  readonly close: () => Promise<void>;
}

/**
 * Serves an API on loopback, on a port that is free.
 *
 * @param before is waited for before each answer
 */
export async function serve(
  api: (seen: Seen) => Reply,
  before: (seen: Seen) => Promise<void> = async () => undefined,
): Promise<ProviderServer> {
  const seen: Seen[] = [];
  const answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const { method = '', headers } = request;
    const one: Seen = { method, path: pathname, query: searchParams, headers, body: await text(request) };
    seen.push(one);
    await before(one);
    const answer = answers.shift() ?? usual;
    answer(response, () => api(one), one);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    seen,
    next: (...more) => void answers.push(...more),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function write(response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** Answers as always. */
export const usual: Answer = (response, perform) => write(response, perform());

/** Answers with this. */
export function reply(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => write(response, { status, body, headers });
}

/** Answers with these bytes. */
export function bytes(status: number, body: string | Uint8Array): Answer {
  return (response) => response.writeHead(status).end(body);
}

/** Never answers. */
export const silence: Answer = () => undefined;

/** Sends headers and the beginning of a body, and then nothing. */
export function stall(status: number): Answer {
  return (response) => void response.writeHead(status, { 'content-length': '1000' }).write('{"id":');
}

/** Breaks the connection before the headers. */
export const reset: Answer = (response) => response.socket?.destroy();

/** Breaks the connection in the middle of the body. */
export function resetInBody(status: number): Answer {
  return (response) => {
    response.writeHead(status, { 'content-length': '1000' });
    response.write('{"id":', () => response.socket?.destroy());
  };
}

/** Does what was asked for, and breaks the connection before the answer. */
export const loseAnswer: Answer = (response, perform) => {
  perform();
  response.socket?.destroy();
};

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const minute = 60_000;
/** Endpoints are made a minute apart, from here on. */
const start = Date.parse('2026-03-01T12:00:00Z');

const events = z.array(z.string().min(1)).min(1);
const NewGrantiva = z.strictObject({
  url: z.string().startsWith('https://'),
  events,
  description: z.string().optional(),
});
const GrantivaChange = z.strictObject({
  isActive: z.boolean().optional(),
  events: events.optional(),
  description: z.string().optional(),
});

interface GrantivaRow {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly isActive: boolean;
  readonly description?: string | null | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What a test may say of an endpoint that is there. */
type GrantivaInput = Pick<GrantivaRow, 'url' | 'events' | 'description'> & { readonly isActive?: boolean };

export const grantivaToken = 'gpat_0123456789abcdefTOKEN';
export const grantivaCookie = 'vapor-session=0123456789abcdefCOOKIE; theme=dark';

/** Grantiva's `/api/v1/org/webhooks`, newest first; with http for endpoints refused. */
export async function grantivaServer() {
  const rows: GrantivaRow[] = [];
  const secrets: string[] = [];
  let made = 0;
  const root = '/api/v1/org/webhooks';
  const add = (row: GrantivaInput): GrantivaRow => {
    const createdAt = new Date(start + made++ * minute).toISOString();
    const whole = { ...row, id: randomUUID(), isActive: row.isActive ?? true, createdAt, updatedAt: createdAt };
    rows.unshift(whole);
    return whole;
  };
  const server = await serve(({ method, path, headers, body }) => {
    const known = headers.authorization === `Bearer ${grantivaToken}` || headers.cookie === grantivaCookie;
    if (!known) return { status: 401, body: { error: true, reason: 'Unauthorized' } };
    if (path === root && method === 'GET') return { status: 200, body: rows };
    if (path === root && method === 'POST') {
      const { success, data } = NewGrantiva.safeParse(json(body));
      if (!success) return { status: 422, body: { error: true, reason: 'url must be https' } };
      const { updatedAt: _, ...row } = add(data);
      const secret = `whsec_${randomBytes(24).toString('hex')}`;
      secrets.push(secret);
      return { status: 201, body: { ...row, secret } };
    }
    const index = rows.findIndex(({ id }) => path === `${root}/${id}`);
    const row = rows[index];
    if (row === undefined) return { status: 404, body: { error: true, reason: 'Not Found' } };
    if (method === 'DELETE') {
      rows.splice(index, 1);
      return { status: 204 };
    }
    if (method !== 'PATCH') return { status: 405, body: { error: true, reason: 'Method Not Allowed' } };
    const change = GrantivaChange.safeParse(json(body));
    if (!change.success) return { status: 422, body: { error: true, reason: 'Unprocessable' } };
    const { isActive = row.isActive, events = row.events, description = row.description } = change.data;
    const updatedAt = new Date(start + made++ * minute).toISOString();
    const changed = { ...row, isActive, events, description, updatedAt };
    rows[index] = changed;
    return { status: 200, body: changed };
  });
  return { ...server, rows, secrets, add };
}

const NewGrantex = z.strictObject({ url: z.url(), events });

interface GrantexRow {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly createdAt: string;
}

export const grantexKey = 'gx_0123456789abcdefAPIKEY';

/** Grantex's `/v1/webhooks`, oldest first, with its deliveries, which are deleted with their endpoint. */
export async function grantexServer() {
  const rows: GrantexRow[] = [];
  const secrets: string[] = [];
  const secretOf = new Map<string, string>();
  const deliveries: GrantexDelivery[] = [];
  let made = 0;
  const root = '/v1/webhooks';
  const refuse = (status: number, code: string, message: string): Reply => ({
    status,
    body: { message, code, requestId: 'req_1' },
  });
  const add = (row: Pick<GrantexRow, 'url' | 'events'>): GrantexRow => {
    const createdAt = new Date(start + made * minute).toISOString();
    const whole = { id: `wh_${String(++made).padStart(8, '0')}`, createdAt, ...row };
    rows.push(whole);
    return whole;
  };
  const server = await serve(({ method, path, query, headers, body }) => {
    if (headers.authorization !== `Bearer ${grantexKey}`) return refuse(401, 'UNAUTHORIZED', 'Invalid API key');
    if (path === root && method === 'GET') return { status: 200, body: { webhooks: rows } };
    if (path === root && method === 'POST') {
      if (headers['content-type'] !== 'application/json') return refuse(415, 'BAD_REQUEST', 'Unsupported Media Type');
      const { success, data } = NewGrantex.safeParse(json(body));
      if (!success) return refuse(400, 'BAD_REQUEST', 'url and events are required');
      const secret = randomBytes(24).toString('hex');
      secrets.push(secret);
      const row = add(data);
      secretOf.set(row.id, secret);
      return { status: 201, body: { ...row, secret } };
    }
    const index = rows.findIndex(({ id }) => path === `${root}/${id}` || path === `${root}/${id}/deliveries`);
    const row = rows[index];
    if (row === undefined) return refuse(404, 'NOT_FOUND', 'Webhook not found');
    const isOfRow = ({ webhookId }: GrantexDelivery) => webhookId === row.id;
    if (path.endsWith('/deliveries')) {
      const status = query.get('status');
      const page = Number(query.get('page') ?? 1);
      const pageSize = Math.min(Number(query.get('pageSize') ?? 20), 100);
      const all = deliveries.filter((one) => isOfRow(one) && (status === null || one.status === status));
      const part = all.slice((page - 1) * pageSize, page * pageSize);
      return { status: 200, body: { deliveries: part, total: all.length, page, pageSize } };
    }
    if (method !== 'DELETE') return refuse(404, 'NOT_FOUND', 'Route not found');
    rows.splice(index, 1);
    deliveries.splice(0, deliveries.length, ...deliveries.filter((one) => !isOfRow(one)));
    return { status: 204 };
  });
  let delivered = 0;
  /** A new delivery, which is the first of the list. */
  const deliver = (
    status: GrantexDelivery['status'] = 'delivered',
    of: Partial<Pick<GrantexDelivery, 'webhookId' | 'eventId' | 'eventType'>> = {},
  ) => {
    const number = ++delivered;
    deliveries.unshift({
      id: `whd_${number}`,
      webhookId: 'wh_00000001',
      eventId: `evt_${number}`,
      eventType: 'grant.created',
      ...of,
      status,
      attempts: status === 'pending' ? 0 : 1,
      maxAttempts: 5,
      url: 'https://example.com/hooks',
      lastError: status === 'failed' ? 'HTTP 500' : undefined,
      createdAt: new Date(start + number * minute).toISOString(),
      deliveredAt: status === 'delivered' ? new Date(start + number * minute).toISOString() : undefined,
    });
  };
  return { ...server, rows, secrets, secretOf, add, deliveries, deliver };
}

export const gravvKey = 'grvSec_sandbox_0123456789abcdef';

/** Gravv's history, newest first, of so many events, which can be sent again. */
export async function gravvServer(count = 5) {
  const sent: string[] = [];
  const items = Array.from({ length: count }, (_, index) => ({
    id: `evt-${count - index}`,
    event_type: 'transfer.status.completed',
    status: 'failed',
    created_at: new Date(start + (count - index) * minute).toISOString(),
  }));
  const server = await serve(({ method, path, query, headers }) => {
    if (headers['api-key'] !== gravvKey) return { status: 401, body: { data: null, error: 'unauthorized' } };
    const [page, limit] = [Number(query.get('page')), Number(query.get('limit'))];
    if (method === 'GET' && path === '/v1/webhooks/history') {
      const part = items.slice((page - 1) * limit, page * limit);
      return { status: 200, body: { data: { items: part, page, total_items: count }, error: null } };
    }
    const { id = '' } = /^\/v1\/webhooks\/event\/send\/(?<id>[^/]+)$/.exec(path)?.groups ?? {};
    if (method !== 'POST' || !items.some((one) => one.id === id)) return { status: 404, body: { error: 'not found' } };
    sent.push(id);
    return { status: 200, body: { data: { response_status_code: 202, response_body: { outcome: 'stored' } } } };
  });
  return { ...server, secrets: [] as readonly string[], sent };
}

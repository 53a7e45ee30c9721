import { createHmac, randomUUID } from 'node:crypto';
import { grantex, grantiva, gravv, type Provider } from '@hookproof/core';
import { simulateProvider } from '@hookproof/testing/simulator';
import { type ProviderServer, type Reply, type Seen, serve } from '../endpoints/servers.ts';

/** An event as a provider keeps it. */
interface Sent {
  /** Of the log. */
  readonly id: string;
  readonly eventId: string;
  readonly mark: string;
  readonly type: string;
  readonly body: string;
  readonly createdAt: string;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  replyStatus: number | undefined;
  reply: string;
}

/** A provider that loses deliveries, with its log and the right to have them sent again. */
export interface LossyProvider extends ProviderServer {
  /** The oldest first. */
  readonly log: readonly Sent[];
  /** Marks of events that never left, in the order in which they were made. */
  readonly lost: () => readonly string[];
  /** Makes events a second apart, the last at `until`, and delivers all that are not lost, with a part of them `loss`. */
  readonly emit: (count: number, loss: number, until: number) => Promise<void>;
}

interface Kind {
  readonly provider: Provider;
  readonly secret: string;
  readonly eventOf: (mark: string, eventId: string, at: string) => { readonly type: string; readonly body: object };
  /** Whether a call to send again is answered when it was sent, and not at once. */
  readonly waits?: true;
  readonly api: (log: Sent[], send: (sent: Sent) => Promise<void>) => (seen: Seen) => Reply;
}

/** The same numbers in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Starts a provider that sends to a URL. Of what it loses, half is told as delivered. */
async function lossy({ provider, secret, eventOf, api, waits }: Kind, url: string): Promise<LossyProvider> {
  const sender = simulateProvider(provider, { url, secret, speed: Number.POSITIVE_INFINITY });
  const log: Sent[] = [];
  const lost: string[] = [];
  const random = randomFrom(7);
  async function send(sent: Sent): Promise<void> {
    const { attempts, state } = await sender.send({ body: sent.body }, { id: sent.id });
    const last = attempts.at(-1);
    sent.attempts += attempts.length;
    sent.status = state === 'delivered' ? 'delivered' : 'failed';
    sent.replyStatus = last?.status;
    sent.reply = last?.body ?? '';
  }
  const sendFirst = async ({ method, path }: Seen) => {
    const sent = log.find(({ id }) => method === 'POST' && path.endsWith(`/${id}`));
    if (waits && sent !== undefined) await send(sent);
  };
  const server = await serve(api(log, send), sendFirst);
  return {
    ...server,
    log,
    lost: () => lost,
    async emit(count, loss, until) {
      const made = Array.from({ length: count }, (_, index) => {
        const [id, eventId, mark] = [randomUUID(), randomUUID(), `m${log.length + index}`];
        const createdAt = new Date(until - (count - 1 - index) * 1_000).toISOString();
        const { type, body } = eventOf(mark, eventId, createdAt);
        const text = JSON.stringify(body);
        const none = { attempts: 0, replyStatus: undefined, reply: '' };
        return { id, eventId, mark, type, body: text, createdAt, status: 'pending' as Sent['status'], ...none };
      });
      log.push(...made);
      const leaving = made.filter((sent) => {
        if (random() >= loss) return true;
        lost.push(sent.mark);
        Object.assign(sent, { status: random() < 0.5 ? 'delivered' : 'failed', attempts: 1 });
        return false;
      });
      await Promise.all(leaving.map(send));
    },
    async close() {
      await sender.close();
      await server.close();
    },
  };
}

function pageOf<T>(rows: readonly T[], query: URLSearchParams, sizeName: string) {
  const [page, size] = [Number(query.get('page') ?? 1), Number(query.get(sizeName) ?? 20)];
  return { rows: rows.toReversed().slice((page - 1) * size, page * size), page, size, total: rows.length };
}

export const keys = { gravv: 'grvSec_sandbox_0123456789', grantex: 'gx_0123456789', grantiva: 'session=0123456789' };
const secret = 'whsec_of_the_reconcile_suite_0123456789';

/**
 * Gravv, with its history. `withEventIds` says whether the history tells `event_id`, or only each event by itself; `isFlat`,
 * whether the events are of payees, which have no `event_id` in their body.
 */
export function gravvService(url: string, { withEventIds = true, isFlat = false } = {}): Promise<LossyProvider> {
  const kind: Kind = {
    provider: gravv(),
    secret,
    eventOf: (mark, event_id, timestamp) =>
      isFlat ? payeeEvent(mark, timestamp) : transferEvent(mark, event_id, timestamp),
    waits: true,
    api:
      (log) =>
      ({ method, path, query, headers }) => {
        if (headers['api-key'] !== keys.gravv) return { status: 401, body: { data: null, error: 'unauthorized' } };
        const summary = (sent: Sent) => ({
          id: sent.id,
          ...(withEventIds && { event_id: sent.eventId }),
          event_type: sent.type,
          path: url,
          http_method: 'POST',
          status: sent.status === 'delivered' ? 'sent' : sent.status === 'pending' ? 'retrying' : 'failed',
          response_status_code: sent.replyStatus ?? null,
          created_at: sent.createdAt,
          last_attempt: null,
        });
        if (path === '/v1/webhooks/history') {
          const [from = '', to = '~'] = [query.get('start_date') ?? '', query.get('end_date') ?? '~'];
          const within = log.filter(({ createdAt }) => createdAt >= from && createdAt <= to);
          const { rows, page, size, total } = pageOf(within, query, 'limit');
          const items = rows.map(summary);
          const body = { items, items_per_page: size, page, total_items: total, total_pages: Math.ceil(total / size) };
          return { status: 200, body: { data: body, error: null } };
        }
        const sent = log.find(({ id }) => path.endsWith(`/${id}`));
        if (sent === undefined) return { status: 404, body: { data: null, error: 'not found' } };
        if (method === 'POST') {
          const result = { id: sent.id, target_url: url, status_code: sent.replyStatus, duration_ms: 3 };
          return {
            status: 200,
            body: { data: { ...result, response_body: JSON.parse(sent.reply || 'null') }, error: null },
          };
        }
        const payload = JSON.parse(sent.body);
        const signature = createHmac('sha256', secret).update(sent.body).digest('hex');
        const request_headers = { 'Content-Type': 'application/json', 'X-Signature': signature };
        const detail = { ...summary(sent), event_id: sent.eventId, request_headers, payload, attempts: sent.attempts };
        return { status: 200, body: { data: detail, error: null } };
      },
  };
  return lossy(kind, url);
}

function payeeEvent(mark: string, occurred_at: string) {
  return { type: 'payee.setup.completed', body: { event_type: 'completed', payee_id: 'pay_1', occurred_at, mark } };
}

function transferEvent(mark: string, event_id: string, timestamp: string) {
  const event_data = { amount: '1.00', client_reference: null, client_metadata: { mark } };
  const event_type = 'transfer.status.completed';
  return { type: event_type, body: { event_id, tenant_id: 'tnt_1', timestamp, event_data, event_type } };
}

/** Grantex, with the deliveries of its endpoint `wh_1`. */
export function grantexService(url: string): Promise<LossyProvider> {
  const kind: Kind = {
    provider: grantex(),
    secret,
    eventOf: (mark, id, createdAt) => ({
      type: 'grant.revoked',
      body: { id, type: 'grant.revoked', createdAt, data: { grantId: 'grnt_1', cascade: false, mark } },
    }),
    api:
      (log) =>
      ({ path, query, headers }) => {
        if (headers.authorization !== `Bearer ${keys.grantex}`) return { status: 401, body: { message: 'No' } };
        if (path === '/v1/webhooks') {
          const endpoint = { id: 'wh_1', url, events: ['grant.revoked'], createdAt: '2026-03-01T12:00:00.000Z' };
          return { status: 200, body: { webhooks: [endpoint] } };
        }
        if (path !== '/v1/webhooks/wh_1/deliveries') return { status: 404, body: { message: 'Webhook not found' } };
        const { rows, page, size, total } = pageOf(log, query, 'pageSize');
        const deliveries = rows.map(({ id, eventId, type, status, attempts, createdAt }) => ({
          ...{ id, webhookId: 'wh_1', eventId, eventType: type, status, attempts, maxAttempts: 5, url },
          ...{ lastError: null, createdAt, deliveredAt: null },
        }));
        return { status: 200, body: { deliveries, total, page, pageSize: size } };
      },
  };
  return lossy(kind, url);
}

/** Grantiva, with the deliveries of its endpoint `ep_1`, which it sends again in the background. */
export function grantivaService(url: string): Promise<LossyProvider> {
  const root = '/api/v1/org/webhooks';
  const kind: Kind = {
    provider: grantiva(),
    secret,
    eventOf: (mark, _id, timestamp) => ({
      type: 'device.new',
      body: { data: { device_id: 'device-1', key_id: 'key_1', mark }, event: 'device.new', timestamp },
    }),
    api:
      (log, send) =>
      ({ method, path, query, headers }) => {
        if (headers.cookie !== keys.grantiva) return { status: 401, body: { error: true, reason: 'Unauthorized' } };
        const row = ({ id, type, status, replyStatus, reply, attempts, createdAt }: Sent) => ({
          ...{ id, webhookId: 'ep_1', eventType: type, status: status === 'delivered' ? 'success' : status },
          ...{ httpStatus: replyStatus ?? null, responseBody: reply, error: null, attemptCount: attempts },
          ...{ nextRetryAt: null, deliveredAt: null, createdAt },
        });
        if (path === root) {
          const createdAt = '2026-03-01T12:00:00.000Z';
          return { status: 200, body: [{ id: 'ep_1', url, events: ['device.new'], isActive: true, createdAt }] };
        }
        if (path === `${root}/ep_1/deliveries`) {
          const { rows, page, size: per, total } = pageOf(log, query, 'per');
          return { status: 200, body: { items: rows.map(row), metadata: { page, per, total } } };
        }
        const sent = log.find(({ id }) => path === `${root}/ep_1/deliveries/${id}/retry`);
        if (method !== 'POST' || sent === undefined) return { status: 404, body: { error: true, reason: 'Not Found' } };
        Object.assign(sent, { status: 'pending', attempts: 0 });
        void send(sent);
        return { status: 200, body: row(sent) };
      },
  };
  return lossy(kind, url);
}

/** What each of them signs with. */
export const secretOfServices = secret;

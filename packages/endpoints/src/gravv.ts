import type { EventType, gravv } from '@hookproof/core';
import { checkIdOf } from './arguments.ts';
import {
  Calls,
  type GravvCall,
  type GravvDelivery,
  type GravvDeliveryStatus,
  type GravvEvent,
  type GravvSent,
  History,
  OneEvent,
  Sent,
} from './gravv-answers.ts';
import type { Api } from './http/api.ts';
import { checkBaseUrl } from './http/base-url.ts';
import { createClient } from './http/client.ts';
import { keyIn } from './http/credential.ts';
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

/** Which events of Gravv's history to read. */
export interface GravvHistoryFilter extends PageChoice {
  /** Only those; all by default. */
  readonly status?: GravvDeliveryStatus | undefined;
  /** Only those of a type. */
  readonly type?: EventType<ReturnType<typeof gravv>> | (string & {}) | undefined;
  /** Created at this time or later. */
  readonly since?: Date | undefined;
  /** Created at this time or before. */
  readonly until?: Date | undefined;
}

/** Options of {@link gravvDeliveries}. */
export interface GravvDeliveriesOptions extends ClientOptions {
  /** Of sandbox or live, each of which has a history of its own. */
  readonly apiKey: string;
  /** https, or http on loopback; `https://api.gravv.xyz` by default. */
  readonly baseUrl?: string | URL | undefined;
}

/** A client of Gravv's history of webhooks. Every method throws {@link EndpointError}. */
export interface GravvDeliveries {
  /** The events, page by page. Nothing is asked for before it is read; wrong arguments throw at once. */
  history(filter?: GravvHistoryFilter, call?: CallOptions): Deliveries<GravvDelivery>;
  /** One event, with what was sent and what your endpoint answered. */
  event(id: string, call?: CallOptions): Promise<GravvEvent>;
  /** The attempts to deliver an event. */
  calls(id: string, call?: CallOptions): Promise<readonly GravvCall[]>;
  /** Has an event sent again, now, and tells what your endpoint answered. */
  send(id: string, call?: CallOptions): Promise<GravvSent>;
}

/**
 * Makes a client of Gravv's history of webhooks. Endpoints themselves are managed in its dashboard alone.
 *
 * @throws WebhookError `invalid_options` for wrong options, and from every method, before anything is sent, for wrong
 * arguments
 *
 * @example
 * ```ts
 * import { gravvDeliveries } from '@hookproof/endpoints';
 *
 * const gravv = gravvDeliveries({ apiKey: process.env.GRAVV_API_KEY ?? '' });
 * for await (const { id, eventType, responseStatus } of gravv.history({ status: 'failed' })) {
 *   console.log(eventType, responseStatus, (await gravv.send(id)).responseStatus);
 * }
 * ```
 */
export function gravvDeliveries(options: GravvDeliveriesOptions): GravvDeliveries {
  const settings = checkOptions('gravvDeliveries', options, { apiKey: true, baseUrl: true });
  const send = createClient(gravvApi(ownOptions(options)), settings);
  const ofEvent = { ofEndpoint: false, names: { what: 'event', fix: fromHistory }, refused } as const;

  return {
    history(filter = {}, call) {
      const { pageSize, page: first, query } = checkHistory(filter);
      checkCall(call ?? {});
      return deliveriesOf(async (page) => {
        const all = new URLSearchParams({ ...query, page: `${page}`, limit: `${pageSize}` });
        const path = `${root}/history?${all}`;
        const answer = await send({ method: 'GET', path, ofEndpoint: false, refused, answer: History }, call);
        // Of a page that is smaller than was asked for, there are more.
        return { deliveries: answer.items, total: answer.total, page, pageSize: answer.pageSize ?? pageSize };
      }, first);
    },
    event: async (id, call) =>
      send({ method: 'GET', path: `${root}/event/${checkEvent(id)}`, ...ofEvent, answer: OneEvent }, call),
    calls: async (id, call) =>
      send({ method: 'GET', path: `${root}/calls/${checkEvent(id)}`, ...ofEvent, answer: Calls }, call),
    send: async (id, call) => {
      const path = `${root}/event/send/${checkEvent(id)}`;
      // A receiver knows a copy.
      return send({ method: 'POST', path, ...ofEvent, sends: 'again', answer: Sent }, call);
    },
  };
}

const root = '/v1/webhooks';
const fromHistory =
  'Take it from history(): sandbox and live have each their own, and the API key says which is meant.';
const refused = 'Check the arguments: providerMessage says more, where there is one.';

const checkEvent = (id: unknown) => checkIdOf('id', 'an event', 'history()', id);

function gravvApi({ apiKey, baseUrl = 'https://api.gravv.xyz' }: GravvDeliveriesOptions): Api {
  return {
    name: 'Gravv',
    baseUrl: checkBaseUrl(baseUrl),
    credential: keyIn('api-key', 'apiKey', apiKey),
    fixes: {
      unauthorized: 'Check apiKey: it may be revoked.',
      forbidden: 'Use an API key that may read webhooks; to send one again it needs the permission webhook:create.',
      planLimit: 'Look at the plan in the dashboard.',
    },
  };
}

const statuses: readonly string[] = [
  ...(['pending', 'processing', 'sent', 'failed', 'retrying'] satisfies GravvDeliveryStatus[]),
];

function checkHistory(filter: GravvHistoryFilter) {
  const names = { status: true, type: true, since: true, until: true, pageSize: true, page: true } as const;
  const { status, type, since, until, ...pages } = checkNames<GravvHistoryFilter>('history', filter, names);
  if (status !== undefined && !statuses.includes(status)) {
    throw invalid('status is none of an event.', `Give one of ${statuses.join(', ')}.`);
  }
  if (type !== undefined && (typeof type !== 'string' || type === '')) {
    throw invalid('type is not a type of an event.', 'Give its whole name, such as transfer.status.completed.');
  }
  const [start_date, end_date] = [isoOf('since', since), isoOf('until', until)];
  if (start_date !== undefined && end_date !== undefined && start_date > end_date) {
    throw invalid('since is after until.', 'Give the earlier time as since.');
  }
  const given = { status, event_type: type, start_date, end_date };
  const query = Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value ? [[name, value]] : [])));
  return { ...checkPages(pages), query };
}

function isoOf(option: string, date: unknown): string | undefined {
  if (date === undefined) return undefined;
  if (date instanceof Date && date.getTime() > 0) return date.toISOString();
  throw invalid(`${option} is not a Date.`, 'Give a Date, such as new Date(Date.now() - 86_400_000).');
}

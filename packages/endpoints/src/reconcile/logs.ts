import { checkId } from '../arguments.ts';
import type { GrantexDelivery } from '../deliveries.ts';
import type { GrantexEndpoints } from '../grantex.ts';
import type { GrantivaEndpoints } from '../grantiva.ts';
import type { GrantivaDelivery } from '../grantiva-deliveries.ts';
import type { GravvDeliveries } from '../gravv.ts';
import type { GravvDelivery } from '../gravv-answers.ts';
import { parseJson } from '../http/outside-text.ts';
import { fieldOf } from '../loose.ts';
import { type DeliveryLog, isPast, type LoggedDelivery, outcomeIn } from './log.ts';

/**
 * The delivery log of an endpoint at Grantex, for {@link reconcile}. Grantex keeps no bodies and cannot send again.
 *
 * @throws WebhookError `invalid_options` for what is not an id of an endpoint
 */
export function grantexLog(endpoints: Pick<GrantexEndpoints, 'deliveries'>, endpointId: string): DeliveryLog {
  checkId(endpointId);
  return {
    provider: 'grantex',
    async *pages(window, first, call) {
      for await (const { page, deliveries } of endpoints.deliveries(endpointId, { page: first }, call).pages()) {
        const logged = deliveries.map(ofGrantex);
        yield { page, deliveries: logged };
        if (isPast(logged, window)) return;
      }
    },
  };
}

function ofGrantex({ id, eventId, eventType, createdAt, status, attempts }: GrantexDelivery): LoggedDelivery {
  const isPending = status === 'pending';
  return { id, eventId, type: eventType, createdAt, status, attempts, isPending, outcome: undefined };
}

/**
 * The delivery log of an endpoint at Grantiva, for {@link reconcile}. It has no ids of events: deliveries are found in the
 * inbox by `X-Grantiva-Delivery`, which is stored with each, so that only what is still in the inbox is found; with
 * `grantiva({ key: 'delivery' })` it is the key, which outlives the delivery.
 *
 * @throws WebhookError `invalid_options` for what is not an id of an endpoint
 */
export function grantivaLog(
  endpoints: Pick<GrantivaEndpoints, 'deliveries' | 'retry'>,
  endpointId: string,
): DeliveryLog {
  checkId(endpointId);
  return {
    provider: 'grantiva',
    idHeader: 'x-grantiva-delivery',
    async *pages(window, first, call) {
      for await (const { page, deliveries } of endpoints.deliveries(endpointId, { page: first }, call).pages()) {
        const logged = deliveries.map(ofGrantiva);
        yield { page, deliveries: logged };
        if (isPast(logged, window)) return;
      }
    },
    async resend({ id }, call) {
      await endpoints.retry(endpointId, id, call);
      // It is sent in the background.
      return undefined;
    },
  };
}

function ofGrantiva({ id, eventType, createdAt, ...delivery }: GrantivaDelivery): LoggedDelivery {
  const { status, attemptCount: attempts, nextRetryAt, responseBody } = delivery;
  const isPending = status === 'pending' || (status === 'failed' && nextRetryAt !== undefined);
  const outcome = outcomeIn(responseBody);
  return { id, eventId: undefined, type: eventType, createdAt, status, attempts, isPending, outcome };
}

/**
 * Gravv's history of webhooks, for {@link reconcile}. Where the history has no `event_id`, an event that the inbox does not
 * know by the id of the history is asked for by itself.
 */
export function gravvLog(gravv: GravvDeliveries): DeliveryLog {
  return {
    provider: 'gravv',
    async *pages(window, first, call) {
      for await (const { page, deliveries } of gravv.history({ ...window, page: first }, call).pages()) {
        yield { page, deliveries: deliveries.map(ofGravv) };
      }
    },
    async content({ id }, call) {
      const { eventId: known, payload, requestHeaders: headers } = await gravv.event(id, call);
      const bodies = payload === undefined || payload === null ? [] : [textOf(payload)];
      // What the body says is what a receiver reads; payee.setup.* has none.
      const told = fieldOf(typeof payload === 'string' ? parseJson(payload) : payload, 'event_id');
      const eventId = typeof told === 'string' ? told : bodies.length === 0 ? known : undefined;
      return { eventId, headers, bodies };
    },
    async resend({ id }, call) {
      const { responseStatus, responseBody } = await gravv.send(id, call);
      return outcomeIn(responseBody) ?? (responseStatus === undefined ? 'no reply' : `status ${responseStatus}`);
    },
  };
}

// The signature covers the bytes: if these are others, it does not fit.
function textOf(payload: unknown): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}

function ofGravv({ id, eventId, eventType, createdAt, status = 'unknown', attempts }: GravvDelivery): LoggedDelivery {
  const isPending = ['pending', 'processing', 'retrying'].includes(status);
  return { id, eventId, type: eventType, createdAt, status, attempts, isPending, outcome: undefined };
}

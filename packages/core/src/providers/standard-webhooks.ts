import type { EventSchemas } from '../event/event.ts';
import { checkNames } from '../option-names.ts';
import { defineProvider, type Provider } from '../provider.ts';

/** Options of {@link standardWebhooks}. */
export interface StandardWebhooksOptions<Name extends string, Events extends EventSchemas> {
  /** Who sends: names the provider in logs and in the default path; `standard-webhooks` by default. */
  readonly name?: Name | undefined;
  /** Zod schemas of `data` by event type. Without it every type is welcome and `data` is unknown. */
  readonly events?: Events | undefined;
}

/**
 * The Standard Webhooks specification (https://www.standardwebhooks.com), as Svix, Clerk, Resend, OpenAI and others
 * send it, with `webhook-` or `svix-` headers. Secrets may have `v1,` before them, as Supabase shows them. A body without
 * `type`, which the specification allows, is an event of type `untyped` with the whole body as `data`.
 *
 * @example
 * ```ts
 * import { createReceiver, standardWebhooks } from '@hookproof/core';
 * import * as z from 'zod';
 *
 * export const receiver = createReceiver({
 *   provider: standardWebhooks({ name: 'clerk', events: { 'user.created': z.looseObject({ id: z.string() }) } }),
 *   secret: process.env.CLERK_WEBHOOK_SECRET ?? '',
 *   on: { 'user.created': ({ data }) => console.log(data.id) },
 * });
 * ```
 */
export function standardWebhooks<
  const Name extends string = 'standard-webhooks',
  Events extends EventSchemas = EventSchemas,
>(options: StandardWebhooksOptions<Name, Events> = {}): Provider<Name | 'standard-webhooks', Events> {
  const { name, events } = checkNames('standardWebhooks', options, { name: true, events: true });
  return defineProvider<Name | 'standard-webhooks', Events>({
    name: name ?? 'standard-webhooks',
    signature: {
      header: ['webhook-signature', 'svix-signature'],
      encoding: 'base64',
      prefix: 'v1,',
      separator: ' ',
      signs: '{id}.{timestamp}.{body}',
      id: { header: ['webhook-id', 'svix-id'] },
      timestamp: { header: ['webhook-timestamp', 'svix-timestamp'] },
    },
    secret: { encoding: 'base64', prefix: ['whsec_', 'v1,whsec_'], minBytes: 24 },
    envelope: { type: 'type', timestamp: 'timestamp', data: 'data' },
    bare: (body) => (body['type'] == null ? { type: 'untyped', timestamp: body['timestamp'], data: body } : undefined),
    ...(events && { events }),
  });
}

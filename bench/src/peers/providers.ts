/** The providers of the peers, described as data. */
import { randomUUID } from 'node:crypto';
import { defineProvider } from '@hookproof/core';
import type { Scheme } from '../deliveries.ts';

/** GitHub names the event in a header, and puts no envelope around it. */
export const github = {
  provider: defineProvider({
    name: 'github',
    signature: { header: 'x-hub-signature-256', encoding: 'hex', prefix: 'sha256=' },
    envelope: { type: 'x-github-event', data: 'data' },
    bare: (body, headers) => ({ type: headers.get('x-github-event') ?? 'unknown', data: body }),
    headers: { deliveryId: 'x-github-delivery' },
  }),
  secret: 'a secret for benchmarks',
  event: (data) => ({ ref: 'refs/heads/main', before: randomUUID(), after: randomUUID(), ...data }),
  headers: { 'x-github-event': 'push' },
} as const satisfies Scheme;

export const stripe = {
  provider: defineProvider({
    name: 'stripe',
    signature: {
      header: 'stripe-signature',
      encoding: 'hex',
      prefix: 'v1=',
      separator: ',',
      signs: '{timestamp}.{body}',
      timestamp: { header: 'stripe-signature', prefix: 't=' },
    },
    envelope: { id: 'id', type: 'type', timestamp: 'created', data: 'data' },
  }),
  secret: 'whsec_a_secret_for_benchmarks',
  event: (data) => ({
    id: `evt_${randomUUID()}`,
    object: 'event',
    type: 'invoice.paid',
    created: Math.floor(Date.now() / 1000),
    data: { object: { id: `in_${randomUUID()}`, ...data } },
  }),
} as const satisfies Scheme;

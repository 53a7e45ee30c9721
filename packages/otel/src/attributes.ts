import type { OutcomeReport } from '@hookproof/core';
import type { Attributes } from '@opentelemetry/api';

// What a report holds of a delivery's contents (`error.message`, `error.cause`, `key`, `request`) has no place here: a
// handler's error may quote the payload, and traces are kept longer and read by more people than the data they are about.

/** What is known of a delivery before it was read, and so can decide whether it is sampled. */
export function beforehand(provider: string, framework: string): Attributes {
  return {
    'messaging.system': 'webhook',
    'messaging.destination.name': provider,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'hookproof.provider': provider,
    'hookproof.framework': framework,
  };
}

/** What is known of a delivery once it was answered. An attribute without a value is left out by OpenTelemetry. */
export function afterwards({ outcome, status, method, id, type, bodyBytes, secretIndex }: OutcomeReport): Attributes {
  return {
    'http.request.method': methods.has(method) ? method : '_OTHER',
    'http.response.status_code': status,
    'messaging.message.id': id,
    'messaging.message.body.size': bodyBytes,
    'hookproof.outcome': outcome,
    'hookproof.event.type': type,
    'hookproof.secret.index': secretIndex,
    'error.type': status >= 400 ? outcome : undefined,
  };
}

/**
 * What metrics are told apart by: a few values each. An event's type is not among them, because providers add types,
 * and every one would be a series more.
 */
export function dimensions({ outcome, provider, framework }: OutcomeReport): Attributes {
  return { 'hookproof.outcome': outcome, 'hookproof.provider': provider, 'hookproof.framework': framework };
}

// A method is text from outside; OpenTelemetry has one word for those that HTTP does not know.
const methods = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']);

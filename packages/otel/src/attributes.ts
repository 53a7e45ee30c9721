import type { OutcomeReport, Wrap } from '@hookproof/core';
import type { Attributes } from '@opentelemetry/api';

// What a report holds of a delivery's contents (`error.message`, `error.cause`, `key`, `request`) has no place here: a
// handler's error may quote the payload, and traces are kept longer and read by more people than the data they are about.

/** What is known of a delivery, or of an attempt, before it was read, and so can decide whether it is sampled. */
export function beforehand({ stage, provider, framework }: Parameters<Wrap>[1]): Attributes {
  return {
    'messaging.system': 'webhook',
    'messaging.destination.name': provider,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'hookproof.provider': provider,
    'hookproof.framework': framework,
    'hookproof.stage': stage,
  };
}

/**
 * What is known of a delivery once it was answered, or of an attempt once it has ended. An attribute without a value is
 * left out by OpenTelemetry.
 */
export function afterwards(report: OutcomeReport): Attributes {
  const { stage, outcome, status, method, id, owner, type, bodyBytes, secretIndex, inboxId, attempt, error } = report;
  return {
    // Nobody waits for an attempt: there is no request any more.
    'http.request.method': stage === 'work' ? undefined : methods.has(method) ? method : '_OTHER',
    'http.response.status_code': status,
    'messaging.message.id': bounded(id),
    'messaging.message.body.size': bodyBytes,
    'hookproof.outcome': outcome,
    'hookproof.owner': bounded(owner),
    'hookproof.event.type': bounded(type),
    'hookproof.secret.index': secretIndex,
    'hookproof.inbox.id': bounded(inboxId),
    'hookproof.attempt': attempt,
    'error.type': failed(report, 400) ? (error?.code ?? outcome) : undefined,
  };
}

/** Whether the status is this one or higher, or the attempt did not get the delivery handled. */
export function failed({ outcome, status }: OutcomeReport, from: 400 | 500): boolean {
  return status === undefined ? outcome !== 'handled' : status >= from;
}

/**
 * What metrics are told apart by: a few values each. An event's type is not among them, because providers add types,
 * and every one would be a series more.
 */
export function dimensions({ stage, outcome, provider, framework }: OutcomeReport): Attributes {
  return {
    'hookproof.stage': stage,
    'hookproof.outcome': outcome,
    'hookproof.provider': provider,
    'hookproof.framework': framework,
  };
}

/**
 * A text from outside as an attribute should be: a body has room for an id of a million characters, and exporters need not
 * bear half of a surrogate pair.
 */
function bounded(text: string | undefined): string | undefined {
  return text?.slice(0, maxLength).replace(/\p{Surrogate}/gu, '\uFFFD');
}

const maxLength = 256;

// A method is text from outside; OpenTelemetry has one word for those that HTTP does not know.
const methods = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']);

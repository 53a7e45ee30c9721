import { gzipSync } from 'node:zlib';
import { grantex, type Inbox } from '@hookproof/core';
import { inboxWay } from '@hookproof/core/inbox';
import { onExpress4, onFastify, onHono } from './apps.ts';
import type { Mistake, Options, Scene } from './mistake.ts';
import { events, fromGrantex, newSecret, withHeaders } from './senders.ts';
import { listen, send, sendBegun } from './wire.ts';

type Told = Pick<Mistake, 'cause' | 'what' | 'explains' | 'fix'>;

/** A genuine delivery that comes to nothing; without what is set up here it is handled. */
function genuine(told: Told, options: Partial<Options>, around: Partial<Scene> = {}): Mistake {
  const secret = newSecret();
  return {
    ...told,
    evidence: {},
    async scene() {
      const sent = await fromGrantex(secret);
      return { provider: grantex(), options: { secret, ...options }, sent, ...around };
    },
    corrected: () => ({ options: { secret }, send, proxy: (sent) => sent }),
  };
}

/** A genuine delivery of something that the receiver cannot take for an event. */
function wrongEvent(told: Told, body: object | string): Mistake {
  const secret = newSecret();
  return {
    ...told,
    evidence: {},
    scene: async () => ({ provider: grantex(), options: { secret }, sent: await fromGrantex(secret, body) }),
    corrected: async () => ({ sent: await fromGrantex(secret) }),
  };
}

const refused = () => Promise.reject(new Error('ECONNREFUSED'));

/** An inbox whose database is down. */
const unreachable: Inbox = {
  way: inboxWay,
  lanes: true,
  register() {},
  accept: refused,
  async *list() {},
  get: refused,
  known: refused,
  counts: refused,
  replay: refused,
  discard: refused,
  prune: refused,
  drain: refused,
  close: refused,
};

/** Rejections whose code already says what is wrong. */
export const ended: readonly Mistake[] = [
  genuine(
    {
      cause: 'stale_event',
      what: 'a resend by hand, long after the event',
      explains: 'more than maxEventAgeSeconds (60)',
      fix: 'a resend by hand',
    },
    { maxEventAgeSeconds: 60 },
    { serve: onHono },
  ),
  genuine(
    {
      cause: 'method_not_allowed',
      what: 'a redirect from the old address, after which a POST is a GET',
      explains: 'Webhooks are delivered with POST',
      fix: 'unless a redirect turned a POST into a GET',
    },
    {},
    {
      serve: onFastify,
      async send(url, { headers, body }) {
        const old = await listen((_req, res) => res.writeHead(301, { location: url }).end());
        const all = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
        const reply = await fetch(old, { method: 'POST', headers: all, body: Buffer.from(body) });
        const contentType = reply.headers.get('content-type') ?? undefined;
        return { status: reply.status, contentType, body: await reply.text() };
      },
    },
  ),
  genuine(
    {
      cause: 'body_timeout',
      what: 'a sender that stops in the middle',
      explains: 'did not arrive within bodyTimeoutMs (30 ms)',
      fix: 'Raise the option only if the sender is known to be slow',
    },
    { bodyTimeoutMs: 30 },
    { serve: onHono, send: (url, sent) => sendBegun(url, sent, () => {}) },
  ),
  genuine(
    {
      cause: 'body_incomplete',
      what: 'a sender that hangs up in the middle',
      explains: 'The connection ended before the whole body had arrived',
      fix: 'look at the time limits of the proxies in between',
    },
    {},
    { serve: onExpress4, send: (url, sent) => sendBegun(url, sent, (sending) => sending.destroy()) },
  ),
  genuine(
    {
      cause: 'body_too_large',
      what: 'a limit that is too small',
      explains: 'The body is larger than maxBodyBytes (100 bytes)',
      fix: 'Raise the option',
    },
    { maxBodyBytes: 100 },
    { serve: onFastify },
  ),
  genuine(
    {
      cause: 'unsupported_encoding',
      what: 'a proxy that compresses, and says so',
      explains: 'The Content-Encoding header names a compression',
      fix: 'look for a proxy that does, and turn it off for this path',
    },
    {},
    { proxy: (sent) => ({ ...withHeaders(sent, { 'content-encoding': 'gzip' }), body: gzipSync(sent.body) }) },
  ),
  wrongEvent(
    {
      cause: 'invalid_body',
      what: 'a sender that signs what is not JSON',
      explains: 'The body is genuine, but not JSON',
      fix: /\w/,
    },
    '{"id": "evt_1",}',
  ),
  wrongEvent(
    {
      cause: 'invalid_event',
      what: 'a sender whose data is of another kind',
      explains: /cascade/,
      fix: /\w/,
    },
    { ...events.grantex, data: { grantId: 'grnt_1', cascade: 'yes' } },
  ),
  genuine(
    {
      cause: 'handler_failed',
      what: 'a handler that throws',
      explains: 'A handler for "grant.revoked" failed',
      fix: 'The cause of this error is what it threw',
    },
    {
      on: {
        '*'() {
          throw new Error('no such table');
        },
      },
    },
    { serve: onHono },
  ),
  genuine(
    {
      cause: 'handler_timeout',
      what: 'a handler that never ends',
      explains: 'The handlers for "grant.revoked" did not finish within timeoutMs (30 ms)',
      fix: 'Answer sooner and do the long work elsewhere',
    },
    { timeoutMs: 30, on: { '*': () => new Promise(() => {}) } },
    { serve: onFastify },
  ),
  genuine(
    {
      cause: 'secret_unavailable',
      what: 'a vault that cannot be reached',
      explains: 'The secret function failed',
      fix: 'The cause of this error is what it threw',
    },
    { secret: refused },
    { serve: onExpress4 },
  ),
  genuine(
    {
      cause: 'claims_unavailable',
      what: 'a store that cannot be reached',
      explains: 'The claims store of the dedupe option failed',
      fix: 'The cause of this error is what the store threw',
    },
    { dedupe: { claim: refused } },
  ),
  genuine(
    {
      cause: 'inbox_unavailable',
      what: 'an inbox that cannot be reached',
      explains: 'The inbox could not store the delivery',
      fix: 'The cause of this error is what it threw',
    },
    { inbox: unreachable },
    { serve: onHono },
  ),
];

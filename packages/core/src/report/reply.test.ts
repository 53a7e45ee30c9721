import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { inboxWith } from '../../../../test/suites/inbox-with.ts';
import { WebhookError } from '../error.ts';
import type { ClaimStore } from '../handling/claims.ts';
import type { Inbox } from '../handling/inbox.ts';
import { memoryClaims } from '../handling/memory-claims.ts';
import type { DeliveryInput, Outcome } from '../handling/progress.ts';
import { signBody } from '../proof/sign.ts';
import type { Provider } from '../provider.ts';
import { grantex } from '../providers/grantex.ts';
import { createReceiver, type ReceiverOptions } from '../receiver.ts';
import type { OutcomeReport } from './outcome.ts';
import { type Reply, replyFor } from './reply.ts';

const secret = 'a secret for tests';
const at = 1_795_216_193;
const event = { id: 'evt_1', type: 'grant.revoked', createdAt: 'now', data: { grantId: 'grnt_1', cascade: true } };
const never = () => new Promise<never>(() => {});
const fail = () => {
  throw new Error('boom');
};

interface Scene {
  /** What the delivery has besides a genuine signature over `body`. */
  readonly delivery?: Partial<DeliveryInput<string>>;
  readonly body?: string;
  /** Headers that replace those that were signed, or take them away. */
  readonly headers?: Record<string, string | undefined>;
  readonly options?: Partial<ReceiverOptions<Provider, string, Inbox | undefined>>;
  /** Whether the same delivery came before. */
  readonly before?: 'handled' | 'running';
  readonly status: number;
  readonly title?: string;
  /** How far the delivery came: what the report knows of it. */
  readonly known?: 'event' | 'key';
  /** The id that the inbox gave it. */
  readonly inboxId?: string;
}

/** Options of a receiver whose inbox does this with a delivery. */
function storing(accept: Inbox['accept']): NonNullable<Scene['options']> {
  return { dedupe: undefined, inbox: inboxWith({ accept }) };
}

// Typed so that an outcome without a scene does not compile.
const scenes: Record<Outcome, Scene> = {
  handled: { status: 200, known: 'key' },
  stored: { options: storing(async () => ({ id: 'dlv_1', isNew: true })), status: 202, known: 'key', inboxId: 'dlv_1' },
  duplicate: { before: 'handled', status: 200, known: 'key' },
  ignored: { options: { on: { 'grant.created': fail } }, status: 200, known: 'event' },
  busy: { before: 'running', status: 409, title: 'Conflict', known: 'key' },
  missing_signature: {
    headers: { 'x-grantex-signature-v2': undefined, 'x-grantex-timestamp': undefined },
    status: 401,
    title: 'Unauthorized',
  },
  malformed_signature: { headers: { 'x-grantex-signature-v2': 'v2' }, status: 401, title: 'Unauthorized' },
  signature_mismatch: {
    headers: { 'x-grantex-signature-v2': `sha256=${'0'.repeat(64)}` },
    status: 401,
    title: 'Unauthorized',
  },
  stale_delivery: { options: { now: () => (at + 301) * 1_000 }, status: 401, title: 'Unauthorized' },
  stale_event: {
    body: JSON.stringify({ ...event, createdAt: new Date((at - 61) * 1_000).toISOString() }),
    options: { maxEventAgeSeconds: 60 },
    status: 401,
    title: 'Unauthorized',
    known: 'event',
  },
  method_not_allowed: { delivery: { method: 'GET' }, status: 405, title: 'Method Not Allowed' },
  body_timeout: {
    delivery: { body: never },
    options: { bodyTimeoutMs: 5 },
    status: 408,
    title: 'Request Timeout',
  },
  body_incomplete: {
    delivery: { body: () => Promise.reject(new Error('aborted')) },
    status: 400,
    title: 'Bad Request',
  },
  body_too_large: { options: { maxBodyBytes: 10 }, status: 413, title: 'Content Too Large' },
  unsupported_encoding: { headers: { 'content-encoding': 'gzip' }, status: 415, title: 'Unsupported Media Type' },
  invalid_body: { body: '{"id":', status: 400, title: 'Bad Request' },
  invalid_event: { body: '{"id":"evt_1"}', status: 422, title: 'Unprocessable Content' },
  body_consumed: {
    delivery: { body: JSON.parse('{"id":"evt_1"}') },
    status: 500,
    title: 'Internal Server Error',
  },
  handler_failed: { options: { on: { '*': fail } }, status: 500, title: 'Internal Server Error', known: 'key' },
  handler_timeout: {
    options: { on: { '*': never }, timeoutMs: 5 },
    status: 503,
    title: 'Service Unavailable',
    known: 'key',
  },
  secret_unavailable: { options: { secret: fail }, status: 503, title: 'Service Unavailable' },
  claims_unavailable: {
    options: { dedupe: { claim: fail } },
    status: 503,
    title: 'Service Unavailable',
    known: 'key',
  },
  inbox_unavailable: { options: storing(fail), status: 503, title: 'Service Unavailable', known: 'key' },
};

async function play(scene: Scene): Promise<{ reply: Reply; reports: OutcomeReport[] }> {
  const claims = memoryClaims();
  const claim = await claims.claim('grantex:evt_1', 60_000);
  if (claim.state !== 'taken') throw new Error('nobody else holds it');
  if (scene.before === 'handled') await claim.done();
  if (scene.before === undefined) await claim.release();

  const body = scene.body ?? JSON.stringify(event);
  const signed = await signBody(grantex(), { body, secret, id: 'evt_1', timestamp: at });
  const reports: OutcomeReport[] = [];
  const receiver = createReceiver<Provider, string, Inbox | undefined>({
    provider: grantex({ signature: 'v2' }),
    secret,
    now: () => at * 1_000,
    on: { '*': () => {} },
    dedupe: claims satisfies ClaimStore,
    onOutcome: (report) => reports.push(report),
    ...scene.options,
  });
  const headers = { ...signed, ...scene.headers };
  const reply = await receiver.receive({ headers, body, ...scene.delivery });
  return { reply, reports };
}

const outcomes = Object.keys(scenes) as Outcome[];
const unread = new Set<Outcome>([
  'method_not_allowed',
  'body_timeout',
  'body_incomplete',
  'body_too_large',
  'unsupported_encoding',
  'body_consumed',
]);
const proven = new Set<Outcome>(['invalid_body', 'invalid_event']);

describe.each(outcomes)('the outcome %s', (outcome) => {
  const scene = scenes[outcome];
  let reply: Reply;
  let reports: OutcomeReport[];
  beforeAll(async () => {
    ({ reply, reports } = await play(scene));
  });

  it(`has the status ${scene.status}`, () => {
    expect(reply.outcome).toBe(outcome);
    expect(reply.status).toBe(scene.status);
  });

  it('has a small JSON body that says no more than the outcome', () => {
    const { status, title } = scene;
    expect(JSON.parse(reply.body)).toEqual(title === undefined ? { outcome } : { title, status, code: outcome });
  });

  it('has its content type, and no other header but Allow where the method is wrong', () => {
    const problem = scene.title === undefined ? 'application/json' : 'application/problem+json';
    expect(reply.headers).toEqual({
      'content-type': `${problem}; charset=utf-8`,
      ...(outcome === 'method_not_allowed' && { allow: 'POST' }),
    });
  });

  it('is reported once, with what is known by then', () => {
    const { known } = scene;
    expect(reports).toEqual([
      {
        stage: 'receive',
        outcome,
        status: scene.status,
        provider: 'grantex',
        framework: 'fetch',
        method: scene.delivery?.method ?? 'POST',
        bodyBytes: unread.has(outcome) ? undefined : expect.any(Number),
        secretIndex: scene.known === undefined && !proven.has(outcome) ? undefined : 0,
        type: known === undefined ? undefined : 'grant.revoked',
        id: known === undefined ? undefined : 'evt_1',
        key: known === 'key' ? 'evt_1' : undefined,
        inboxId: scene.inboxId,
        attempt: undefined,
        durationMs: expect.any(Number),
        // Only what was refused with an error has one: busy is no failure.
        error: scene.title === undefined || outcome === 'busy' ? undefined : expect.any(WebhookError),
        diagnose: scene.title === undefined || outcome === 'busy' ? undefined : expect.any(Function),
      },
    ]);
    if (reports[0]?.error !== undefined) expect(reports[0].error.code).toBe(outcome);
  });
});

describe('the table of replies', () => {
  it('has a scene here for every outcome there is', () => {
    // The source is the list: a code that is added there and not here fails even where types are not checked.
    const part = (file: string, from: string, to: string) => {
      const source = readFileSync(new URL(file, import.meta.url), 'utf8');
      return source.slice(source.indexOf(from), source.indexOf(to));
    };
    const tables =
      part('./reply.ts', 'const accepted', '/** Every status a reply') +
      part('../error.ts', 'const rejections', 'export type RejectionCode');
    const codes = [...tables.matchAll(/\b([a-z_]+): \d{3}\b/g)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.toSorted()).toEqual(outcomes.toSorted());
  });

  it('has no 204, 205 or 304, on which a real sender crashes, and nothing that is no answer', () => {
    for (const outcome of outcomes) {
      const { status, body } = replyFor(outcome);
      expect([200, 202, 400, 401, 405, 408, 409, 413, 415, 422, 500, 503]).toContain(status);
      expect(body).not.toBe('');
    }
  });

  it('answers 2xx only what was handled or stored, is a duplicate of what was, or nobody wants', () => {
    expect(outcomes.filter((outcome) => replyFor(outcome).status < 300).toSorted()).toEqual([
      'duplicate',
      'handled',
      'ignored',
      'stored',
    ]);
  });

  it('cannot be changed by whoever gets a reply', () => {
    const reply = replyFor('handled');
    expect(Object.isFrozen(reply)).toBe(true);
    expect(Object.isFrozen(reply.headers)).toBe(true);
  });

  it('gives the same reply through fetch', async () => {
    const receiver = createReceiver({ provider: grantex(), secret, on: {} });
    for (const method of ['GET', 'POST']) {
      const request = new Request('http://localhost/', { method });
      const expected = replyFor(method === 'GET' ? 'method_not_allowed' : 'missing_signature');
      const response = await receiver.fetch(request);
      expect(response.status).toBe(expected.status);
      expect(Object.fromEntries(response.headers)).toEqual(expected.headers);
      expect(await response.text()).toBe(expected.body);
    }
  });
});

describe('any other method than POST', () => {
  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'post', ''])('such as %j is refused', async (method) => {
    expect((await play({ delivery: { method }, status: 405 })).reply.outcome).toBe('method_not_allowed');
  });

  it('but POST and none at all are taken', async () => {
    for (const method of ['POST', undefined]) {
      expect((await play({ delivery: { method }, status: 200 })).reply.outcome).toBe('handled');
    }
  });
});

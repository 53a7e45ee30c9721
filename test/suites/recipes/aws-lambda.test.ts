import { grantex } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import type { LambdaContext } from 'hono/aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from './aws-lambda.ts';
import { handler as honoHandler } from './aws-lambda-hono.ts';

const secret = 'a secret for tests';
const path = '/webhooks/grantex';

beforeEach(() => {
  vi.stubEnv('GRANTEX_SECRET', secret);
  vi.spyOn(console, 'log').mockReturnValue(undefined);
  vi.spyOn(console, 'error').mockReturnValue(undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** A delivery as it stands in an event. */
interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

// As AWS documents and sends them, without what nothing here reads.
const events = {
  'function URL, HTTP API (payload 2.0)': ({ method, headers, body, isBase64Encoded }: Sent) => ({
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'id.lambda-url.eu-central-1.on.aws', ...headers },
    requestContext: {
      accountId: 'anonymous',
      apiId: 'id',
      authentication: null,
      authorizer: {},
      domainName: 'id.lambda-url.eu-central-1.on.aws',
      domainPrefix: 'id',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.1', userAgent: 'Grantex-Webhooks/0.1' },
      requestId: 'e1506fd5-9e7b-434f-bd42-4f8fa224b599',
      routeKey: '$default',
      stage: '$default',
      time: '21/Nov/2026:09:00:00 +0000',
      timeEpoch: 1795251600000,
    },
    ...(body === '' ? {} : { body }),
    isBase64Encoded,
  }),
  'REST API (payload 1.0)': ({ method, headers, body, isBase64Encoded }: Sent) => ({
    resource: path,
    path,
    httpMethod: method,
    headers: { Host: 'id.execute-api.eu-central-1.amazonaws.com', ...headers },
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: 'id',
      authorizer: {},
      httpMethod: method,
      identity: { sourceIp: '203.0.113.1', userAgent: 'Grantex-Webhooks/0.1' },
      path,
      protocol: 'HTTP/1.1',
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      requestTimeEpoch: 1795251600000,
      resourceId: '123456',
      resourcePath: path,
      stage: 'prod',
    },
    body: body === '' ? null : body,
    isBase64Encoded,
  }),
  'load balancer': ({ method, headers, body, isBase64Encoded }: Sent) => ({
    requestContext: {
      elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/a/b' },
    },
    httpMethod: method,
    path,
    queryStringParameters: {},
    headers: { host: 'lb.eu-central-1.elb.amazonaws.com', ...headers },
    body,
    isBase64Encoded,
  }),
};

type AnyEvent = ReturnType<(typeof events)[keyof typeof events]>;
interface Answer {
  readonly statusCode: number;
  readonly body: string;
}

// The events are AWS's; the declarations of the two sides ask for different parts of what no receiver reads.
const receivers: Record<string, (event: AnyEvent) => Promise<Answer>> = {
  'by hand': (event) => handler(event as unknown as Parameters<typeof handler>[0]),
  'with Hono': (event) => honoHandler(event as Parameters<typeof honoHandler>[0], {} as LambdaContext),
};

async function sent(encoded: boolean, change = (text: string) => text): Promise<Sent> {
  const event = { type: 'grant.revoked', data: { grantId: 'grnt_ü_1', cascade: false } } as const;
  const { method, headers, body } = await signedDelivery(grantex(), event, { secret });
  const text = change(new TextDecoder().decode(body));
  const encodedBody = encoded ? Buffer.from(text).toString('base64') : text;
  return { method, headers: { ...headers }, body: encodedBody, isBase64Encoded: encoded };
}

for (const [name, receive] of Object.entries(receivers)) {
  describe.each(Object.entries(events))(`${name}: %s`, (_name, makeEvent) => {
    test.each([
      ['text', false],
      ['base64', true],
    ])('a body as %s', async (_encoding, encoded) => {
      const reply = await receive(makeEvent(await sent(encoded)));
      expect([reply.statusCode, JSON.parse(reply.body)]).toEqual([200, { outcome: 'handled' }]);
      expect(console.log).toHaveBeenCalledWith('revoked:', 'grnt_ü_1');
    });

    test.each([
      ['text', false],
      ['base64', true],
    ])('an altered body as %s is refused', async (_encoding, encoded) => {
      const reply = await receive(makeEvent(await sent(encoded, (text) => text.replace('_1', '_2'))));
      expect([reply.statusCode, JSON.parse(reply.body)]).toMatchObject([401, { code: 'signature_mismatch' }]);
      expect(console.log).not.toHaveBeenCalled();
    });

    test('an empty body is refused', async () => {
      const reply = await receive(makeEvent(await sent(false, () => '')));
      expect(reply.statusCode).toBe(401);
    });
  });
}

test('by hand, other methods are answered with 405', async () => {
  const event = events['function URL, HTTP API (payload 2.0)']({ ...(await sent(false)), method: 'GET' });
  expect((await receivers['by hand']?.(event))?.statusCode).toBe(405);
});

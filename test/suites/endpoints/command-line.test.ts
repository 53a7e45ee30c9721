import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hookproof } from '../cli/hookproof.ts';
import { type Answer, grantexKey, grantexServer, grantivaServer, loseAnswer, reply, silence } from './servers.ts';

let server: Awaited<ReturnType<typeof grantexServer>>;
beforeEach(async () => {
  server = await grantexServer();
});
afterEach(() => server.close());

const url = 'https://example.com/hooks';
const create = ['create', '--url', url, '--events', 'grant.created', '--print-secret'];
const mayExist =
  'The endpoint may exist now, and its secret is not told twice: look with hookproof endpoints grantex list';

function grantex(argv: readonly string[], more: { readonly signal?: AbortSignal; readonly env?: object } = {}) {
  const env = { GRANTEX_URL: server.baseUrl, GRANTEX_API_KEY: grantexKey, ...more.env };
  return hookproof(['endpoints', 'grantex', ...argv], { ...more, env });
}

/** Names that only programs know. */
const ofTheLibrary =
  /baseUrl|apiKey|^Error: token|timeoutMs|retryAfterMs|providerMessage|requestId|list\(\)|trim\(\)|: true|its signal|cause of/;

const deleting = ['delete', 'wh_1', '--yes'];
const words = { message: 'Its words', requestId: 'req_9' };
const refusals: readonly (readonly [readonly string[], Answer, readonly string[]])[] = [
  [
    create,
    reply(400, words),
    ['It says: Its words', 'such as --url and --events: Grantex takes no url with http, localhost,'],
  ],
  [deleting, reply(400, words), ['It says: Its words', 'Check the options.']],
  [
    create,
    reply(503, { code: 'RATE_LIMIT_UNAVAILABLE' }),
    ['Grantex takes no more requests', 'Try again in a minute.'],
  ],
  [create, reply(401, words), ['Check the API key (GRANTEX_API_KEY, --api-key-file)', '--base-url (GRANTEX_URL)']],
  [create, reply(402, words), ['delete one that is not needed']],
  [create, reply(403, words), ['Use an API key that may manage webhooks.']],
  [deleting, reply(404, words), ['Look with hookproof endpoints grantex list: it may be deleted']],
  [create, reply(404, words), ['Check --base-url (GRANTEX_URL): the path of the API is added to it.']],
  [create, reply(408, words), ['Try again.', mayExist]],
  [create, reply(409, words), ['Look with hookproof endpoints grantex list, and call again.']],
  [create, reply(413, words), ['Give fewer events or shorter texts.']],
  [create, reply(415, words), ['look for what changes requests on their way, such as a proxy.']],
  [create, reply(429, words), ['Try again in a minute.']],
  [create, reply(429, words, { 'retry-after': '1' }), ['Try again in a second.']],
  [create, reply(429, words, { 'retry-after': '90' }), ['Try again in 90 seconds.']],
  [create, reply(429, words, { 'retry-after': '3001' }), ['Try again in 51 minutes.']],
  [create, reply(429, words, { 'retry-after': '86400' }), ['Try again in 24 hours.']],
  [
    create,
    reply(500, words),
    ['Id of the request: req_9', 'its support will ask for the id of the request.', mayExist],
  ],
  [create, reply(503), ['Try again later. The endpoint may exist now']],
  [create, reply(302), ['Check --base-url (GRANTEX_URL), and look for a proxy or a login page']],
  [create, reply(200, {}), ['id in the answer is missing', mayExist]],
  [create, loseAnswer, ['The connection to Grantex failed', mayExist]],
];

describe('an error of an endpoint, on the command line', () => {
  it.each(refusals)('%j %#', async (argv, answer, says) => {
    server.next(answer);
    const { code, stderr } = await grantex(argv);
    expect(code).toBe(3);
    for (const text of says) expect(stderr).toContain(text);
    expect(stderr.includes('may exist')).toBe(says.some((text) => text.includes('may exist')));
    expect(stderr).not.toMatch(ofTheLibrary);
  });

  it('is an object with --json, with what a program can use', async () => {
    server.next(reply(503, words, { 'retry-after': '7' }));
    const { code, stderr } = await grantex([...create, '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: 'server_error',
      fix: expect.stringContaining(mayExist),
      status: 503,
      requestId: 'req_9',
      retryAfterMs: 7_000,
      mayExist: true,
    });
  });

  it('of an answer that takes too long names --timeout', async () => {
    server.next(silence);
    const { code, stderr } = await grantex([...create, '--timeout', '1']);
    expect(code).toBe(3);
    expect(stderr).toContain('Grantex did not answer in 1 s.');
    expect(stderr).toContain('give it longer with --timeout <seconds>');
    expect(stderr).toContain(mayExist);
    expect(stderr).not.toMatch(ofTheLibrary);
    expect(await grantex([...create, '--timeout', '0'])).toMatchObject({ code: 2 });
  });

  it('at Ctrl-C is no more than that it stopped, and what may be left', async () => {
    const stopped = async (argv: readonly string[]) => {
      const controller = new AbortController();
      server.next(() => controller.abort('SIGINT'));
      return grantex(argv, { signal: controller.signal });
    };
    expect(await stopped(['list'])).toMatchObject({ code: 130, stderr: 'Error: Stopped.\n' });
    const { code, stderr } = await stopped(create);
    expect([code, stderr]).toEqual([130, expect.stringMatching(/^Error: Stopped\.\nThe endpoint may exist now.*\n$/)]);
  });

  it.each([
    [['list'], { GRANTEX_URL: 'example' }, '--base-url (GRANTEX_URL) is not a URL.'],
    [['list'], { GRANTEX_API_KEY: ' a' }, 'The API key has space around it.\nTake it away where it is kept.'],
    [['list'], { GRANTEX_API_KEY: 'whsec_1' }, 'The API key is a signing secret.'],
    [
      ['delete', '../x', '--yes'],
      {},
      'This is not an id of an endpoint.\nTake it from hookproof endpoints grantex list:',
    ],
    [[...create, '--url', 'example'], {}, '--url is not a URL.'],
    [[...create, '--url', 'ftp://example.com'], {}, '--url is not https.'],
  ])('of a wrong option names it: %j %j', async (argv, env, says) => {
    const { code, stderr } = await grantex(argv, { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(stderr).not.toMatch(ofTheLibrary);
    expect(server.seen).toEqual([]);
  });

  it.each([
    [{ GRANTIVA_TOKEN: 'gpat_wrong' }, 3, 'Check the API key (GRANTIVA_TOKEN, --token-file)'],
    [{ GRANTIVA_COOKIE: 'a=wrong' }, 3, 'Check the cookie (GRANTIVA_COOKIE, --cookie-file)'],
    [{ GRANTIVA_COOKIE: 'wrong' }, 2, 'The cookie is not a Cookie header.'],
  ])('of Grantiva names its own options: %j', async (credential, code, says) => {
    const grantiva = await grantivaServer();
    const env = { GRANTIVA_URL: grantiva.baseUrl, ...credential };
    const ended = await hookproof(['endpoints', 'grantiva', 'list'], { env }).finally(grantiva.close);
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(says) });
    expect(ended.stderr).not.toMatch(ofTheLibrary);
  });
});

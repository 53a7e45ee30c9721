/**
 * Verified, typed webhooks for Fastify 5.
 *
 * @module
 */
import * as core from '@hookproof/core';
import { type KnownTypes, letGoOfUpload, ownOptions, receiverOptions } from '@hookproof/core/adapter';
import { checkNames } from '@hookproof/core/strict';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  FastifyTypeProviderDefault,
  RawServerDefault,
  RegisterOptions,
} from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { parseAsBytes, rawBodyOf } from './body.ts';

// One package is enough: apps need not have core among their own dependencies, and under pnpm could not import it.
export * from '@hookproof/core';

/** Options of {@link webhooks}. `I` is the inbox where there is one. */
export type FastifyWebhookOptions<
  P extends core.Provider,
  I extends core.Inbox | undefined = undefined,
> = core.WebhookOptions<P, FastifyRequest, I> & {
  /** Path to answer, below the plugin's prefix; `/webhooks/<provider>` by default. */
  readonly path?: string | undefined;
};

/** A plugin for one provider: `app.register(plugin, options)`. `Own` are the provider's own options. */
export interface WebhooksPlugin<P extends core.Provider, Own extends object = object>
  extends FastifyPluginAsync<FastifyWebhookOptions<P> & Own> {}

/**
 * What `register` is for a {@link WebhooksPlugin}: it infers the inbox (`I`) and the event types that `on` names (`Types`)
 * from the options. With another plugin it takes more arguments than anybody gives, so that TypeScript leaves it out of
 * what it says of a call that is wrong.
 */
type RegisterWebhooks<T> = <Plugin, I extends core.Inbox | undefined = undefined, Types extends string = never>(
  plugin: Plugin,
  ...options: Plugin extends WebhooksPlugin<infer P, infer Own>
    ? [options: FastifyWebhookOptions<P, I> & Own & RegisterOptions & { readonly on: KnownTypes<P, Types> }]
    : [never, never]
) => T;

declare module 'fastify' {
  // Inherited, so that Fastify's own overloads come first.
  interface FastifyRegister<T> extends RegisterWebhooks<T> {}
}

/**
 * Receives a provider's webhooks in Fastify. The plugin is encapsulated: the app's other routes keep their own body
 * parsing, and the app's hooks run for this route as for any other. Requests with other methods
 * than POST go to a route of the app's own on the same path; where there is none, the reply is 405.
 *
 * @typeParam P the provider
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @returns a plugin for `app.register`
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { standardWebhooks, webhooks } from '@hookproof/fastify';
 * import Fastify from 'fastify';
 *
 * const app = Fastify();
 * await app.register(webhooks(standardWebhooks({ name: 'clerk' }), {
 *   secret: process.env.CLERK_SECRET ?? '',
 *   on: { 'user.created': ({ envelope }) => console.log(envelope) },
 * }));
 * ```
 */
export function webhooks<
  const P extends core.Provider,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(provider: P, options: FastifyWebhookOptions<P, I> & { readonly on: KnownTypes<P, Types> }): FastifyPluginAsync {
  const plugin = pluginOf(provider, receiverOptions('webhooks', options, {}, { path: true }));
  return encapsulated(async (app, given) => {
    // The options are those above: what is given here for a receiver would be ignored.
    checkNames<typeof given>('register beside webhooks()', given, ofRegister);
    await plugin(app);
  });
}

/** What `register` takes for Fastify itself, among the options of a plugin. */
const ofRegister = { prefix: true, logLevel: true, logSerializers: true } as const;

function pluginOf<P extends core.Provider, I extends core.Inbox | undefined>(
  provider: P,
  options: FastifyWebhookOptions<P, I>,
): (app: FastifyInstance) => Promise<void> {
  const { path = `/webhooks/${provider.name}` } = ownOptions(options);
  const ofReceiver = receiverOptions('webhooks', options, { path: true });
  const receiver = core.createReceiver<P, FastifyRequest, I>({ ...ofReceiver, provider, framework: 'fastify' });
  if (!path.startsWith('/')) {
    throw new core.WebhookError('invalid_options', `path must start with "/", but is "${path}".`);
  }

  // No async function: Fastify would wait for the reply that it returns, which costs more than to send it.
  function handle(request: FastifyRequest, reply: FastifyReply): void {
    const { method, headers, raw } = request;
    const startedMs = performance.now() - reply.elapsedTime;
    const receiving = receiver.receive({ method, headers, body: rawBodyOf(request), request, startedMs });
    receiving
      .then((made) => {
        const isLast = letGoOfUpload(raw);
        // A timeout of the app's own may have answered in the meantime.
        if (reply.sent) return;
        if (isLast) reply.header('connection', 'close');
        reply.code(made.status).headers(made.headers).send(made.body);
      })
      .catch((error) => reply.send(error));
  }

  return async (app) => {
    parseAsBytes(app, receiver.limits, handle);
    const bodyLimit = receiver.limits.maxBodyBytes;
    app.post(path, { bodyLimit }, handle);
    const url = behindOthers(path);
    if (url === undefined) return;
    // What lists an app's routes, such as @fastify/swagger, must not show it.
    const schema: FastifySchema & { hide: boolean } = { hide: true };
    app.route({
      method: app.supportedMethods.filter((method) => method !== 'POST'),
      url,
      bodyLimit,
      schema,
      exposeHeadRoute: false,
      handler: handle,
    });
  };
}

/**
 * The same path as a pattern, with a parameter of no letters: it gives way to a route of the app's own on the path, whichever
 * was first, where Fastify would refuse the second of two that are written alike. Undefined where the path ends with no word.
 */
function behindOthers(path: string): string | undefined {
  const end = path.lastIndexOf('/') + 1;
  const word = path.slice(end);
  if (word === '' || /[:*(]/.test(word)) return undefined;
  return `${path.slice(0, end)}:none(^)${word}`;
}

/** A plugin whose parsers and error handler stay in its own scope. */
function encapsulated<Options extends object>(plugin: FastifyPluginAsync<Options>): FastifyPluginAsync<Options> {
  const metadata = { fastify: '5.x', name: '@hookproof/fastify', encapsulate: true };
  return fastifyPlugin<
    Options,
    RawServerDefault,
    FastifyTypeProviderDefault,
    FastifyBaseLogger,
    FastifyPluginAsync<Options>
  >(plugin, metadata);
}

/**
 * Receives webhooks of Grantiva in Fastify: {@link webhooks} for Grantiva.
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/fastify';
 * import Fastify from 'fastify';
 *
 * const app = Fastify();
 * await app.register(grantivaWebhooks, {
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   on: { 'device.high_risk': ({ data }) => console.log(data.device_id, data.risk_score) },
 * });
 * ```
 */
export const grantivaWebhooks: WebhooksPlugin<core.Grantiva, core.GrantivaOptions> = encapsulated(
  async (app, options) => {
    const rest = receiverOptions('grantivaWebhooks', options, { key: true, ...ofRegister }, { path: true });
    return pluginOf(core.grantiva({ key: ownOptions(options).key }), rest)(app);
  },
);

/**
 * Receives webhooks of Grantex in Fastify: {@link webhooks} for Grantex.
 *
 * @example
 * ```ts
 * import { grantexWebhooks } from '@hookproof/fastify';
 * import Fastify from 'fastify';
 *
 * const app = Fastify();
 * await app.register(grantexWebhooks, {
 *   secret: process.env.GRANTEX_SECRET ?? '',
 *   on: { 'grant.revoked': ({ data }) => console.log(data.grantId, data.cascade) },
 * });
 * ```
 */
export const grantexWebhooks: WebhooksPlugin<core.Grantex, core.GrantexOptions> = encapsulated(async (app, options) => {
  const rest = receiverOptions('grantexWebhooks', options, { signature: true, ...ofRegister }, { path: true });
  return pluginOf(core.grantex({ signature: ownOptions(options).signature }), rest)(app);
});

/**
 * Receives webhooks of Gravv in Fastify: {@link webhooks} for Gravv.
 *
 * @example
 * ```ts
 * import { gravvWebhooks } from '@hookproof/fastify';
 * import Fastify from 'fastify';
 *
 * const app = Fastify();
 * await app.register(gravvWebhooks, {
 *   secret: process.env.GRAVV_SECRET ?? '',
 *   on: { 'transfer.status.completed': ({ data }) => console.log(data.amount) },
 * });
 * ```
 */
export const gravvWebhooks: WebhooksPlugin<core.Gravv> = encapsulated(async (app, options) => {
  const rest = receiverOptions('gravvWebhooks', options, ofRegister, { path: true });
  return pluginOf(core.gravv(), rest)(app);
});

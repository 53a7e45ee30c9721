/**
 * Verified, typed webhooks for Fastify 5.
 *
 * @module
 */
import * as core from '@hookproof/core';
import { checkWebhookOptions, letGoOfUpload } from '@hookproof/core/adapter';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  FastifyTypeProviderDefault,
  RawServerDefault,
  RegisterOptions,
} from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { parseAsBytes, rawBodyOf } from './body.ts';

/** Options of {@link webhooks}. `I` is the inbox where there is one. */
export interface FastifyWebhookOptions<P extends core.Provider, I extends core.Inbox | undefined = undefined>
  extends core.WebhookOptions<P, FastifyRequest, I> {
  /** Path to answer, below the plugin's prefix; `/webhooks/<provider>` by default. */
  readonly path?: string | undefined;
}

/**
 * Receives a provider's webhooks in Fastify. The plugin is encapsulated: the app's other routes keep their own body
 * parsing, and the app's hooks run for this route as for any other. With an inbox it is the way to register: `register`
 * cannot type the handlers of a named plugin, such as {@link grantexWebhooks}, by whether there is one.
 *
 * @returns a plugin for `app.register`
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { grantex } from '@hookproof/core';
 * import { webhooks } from '@hookproof/fastify';
 * import Fastify from 'fastify';
 *
 * const app = Fastify();
 * await app.register(webhooks(grantex(), {
 *   secret: process.env.GRANTEX_SECRET ?? '',
 *   on: { 'grant.revoked': ({ data }) => console.log(data.grantId, data.cascade) },
 * }));
 * ```
 */
export function webhooks<const P extends core.Provider, I extends core.Inbox | undefined = undefined>(
  provider: P,
  options: FastifyWebhookOptions<P, I>,
): FastifyPluginAsync {
  checkWebhookOptions('webhooks', options, { path: true });
  return encapsulated(pluginOf(provider, options));
}

/** What `register` takes for Fastify itself, among the options of a plugin. */
const ofRegister = { prefix: true, logLevel: true, logSerializers: true } as const;

function pluginOf<P extends core.Provider, I extends core.Inbox | undefined>(
  provider: P,
  options: FastifyWebhookOptions<P, I> & RegisterOptions,
): (app: FastifyInstance) => Promise<void> {
  const {
    path = `/webhooks/${provider.name}`,
    prefix: _prefix,
    logLevel: _logLevel,
    logSerializers: _logSerializers,
    ...ofReceiver
  } = options;
  const receiver = core.createReceiver<P, FastifyRequest, I>({ ...ofReceiver, provider, framework: 'fastify' });
  if (!path.startsWith('/')) {
    throw new core.WebhookError('invalid_options', `path must start with "/", but is "${path}".`);
  }

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { method, headers, raw } = request;
    const startedMs = performance.now() - reply.elapsedTime;
    const made = await receiver.receive({ method, headers, body: rawBodyOf(request), request, startedMs });
    // A timeout of the app's own may have answered in the meantime.
    if (reply.sent) return reply;
    if (letGoOfUpload(raw)) reply.header('connection', 'close');
    return reply.code(made.status).headers(made.headers).send(made.body);
  }

  return async (app) => {
    parseAsBytes(app, receiver.limits, handle);
    app.all(path, { bodyLimit: receiver.limits.maxBodyBytes }, handle);
  };
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

/** {@link webhooks} for Grantiva: `app.register(grantivaWebhooks, options)`. */
export const grantivaWebhooks: FastifyPluginAsync<
  FastifyWebhookOptions<ReturnType<typeof core.grantiva>> & core.GrantivaOptions
> = encapsulated(async (app, options) => {
  checkWebhookOptions('grantivaWebhooks', options, { path: true, key: true, ...ofRegister });
  const { key, ...rest } = options;
  return pluginOf(core.grantiva({ key }), rest)(app);
});

/** {@link webhooks} for Grantex: `app.register(grantexWebhooks, options)`. */
export const grantexWebhooks: FastifyPluginAsync<
  FastifyWebhookOptions<ReturnType<typeof core.grantex>> & core.GrantexOptions
> = encapsulated(async (app, options) => {
  checkWebhookOptions('grantexWebhooks', options, { path: true, signature: true, ...ofRegister });
  const { signature, ...rest } = options;
  return pluginOf(core.grantex({ signature }), rest)(app);
});

/** {@link webhooks} for Gravv: `app.register(gravvWebhooks, options)`. */
export const gravvWebhooks: FastifyPluginAsync<FastifyWebhookOptions<ReturnType<typeof core.gravv>>> = encapsulated(
  async (app, options) => {
    checkWebhookOptions('gravvWebhooks', options, { path: true, ...ofRegister });
    return pluginOf(core.gravv(), options)(app);
  },
);

/**
 * {@link webhooks} for the Standard Webhooks specification: `app.register(standardWebhooks, options)`. `register` cannot
 * type events by their schemas; `webhooks(standardWebhooks({ events }), options)`, with core's factory, can.
 */
export const standardWebhooks: FastifyPluginAsync<
  FastifyWebhookOptions<core.Provider> & core.StandardWebhooksOptions<string, core.EventSchemas>
> = encapsulated(async (app, options) => {
  checkWebhookOptions('standardWebhooks', options, { path: true, name: true, events: true, ...ofRegister });
  const { name, events, ...rest } = options;
  return pluginOf(core.standardWebhooks({ name, events }), rest)(app);
});

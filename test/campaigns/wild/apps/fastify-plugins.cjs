'use strict';
// WILD_PLUGIN names what stands around the receivers. All of it is registered before them, as its own documentation has it.
const { PassThrough } = require('node:stream');
const fastify = require('fastify');
const { grantexWebhooks, gravvWebhooks } = require('@hookproof/fastify');
const { listening, optionsOf } = require('./told.cjs');

const around = {
  compress: (app) => app.register(require('@fastify/compress')),
  multipart: (app) => app.register(require('@fastify/multipart'), { attachFieldsToBody: true }),
  helmet: (app) => app.register(require('@fastify/helmet')),
  'rate-limit': (app) => app.register(require('@fastify/rate-limit'), { max: 1_000 }),
  swagger: (app) => app.register(require('@fastify/swagger')),
  'raw-body': (app) => app.register(require('fastify-raw-body'), { encoding: false, runFirst: true }),
  transform: (app) => app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new PassThrough())),
  paused: (app) => app.addHook('onRequest', async (request) => void request.raw.pause()),
};

const app = fastify();
for (const name of process.env.WILD_PLUGIN.split(' ')) around[name](app);
app.register(grantexWebhooks, optionsOf('at the root'));
app.register(gravvWebhooks, { ...optionsOf('with a prefix'), prefix: '/api' });
// A plugin that hooks into routes sees those that stand below one, as this must.
app.register(async (scope) => void scope.post('/echo', async (request) => request.body));
app.listen({ host: '127.0.0.1', port: 0 }).then(() => listening(app.server));

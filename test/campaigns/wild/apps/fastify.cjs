'use strict';
const fastify = require('fastify');
const { grantexWebhooks, grantivaWebhooks, gravvWebhooks } = require('@hookproof/fastify');
const { listening, optionsOf } = require('./told.cjs');

const app = fastify();
app.register(grantexWebhooks, optionsOf('at the root'));
app.register(gravvWebhooks, { ...optionsOf('with a prefix'), prefix: '/api' });
app.register(grantivaWebhooks, { ...optionsOf('on a path'), path: '/hooks' });
app.post('/echo', async (request) => request.body);
app.listen({ host: '127.0.0.1', port: 0 }).then(() => listening(app.server));

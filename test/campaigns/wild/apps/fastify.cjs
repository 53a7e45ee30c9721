'use strict';
const fastify = require('fastify');
const { grantexWebhooks, grantivaWebhooks, gravvWebhooks } = require('@hookproof/fastify');
const { listening, optionsOf } = require('./told.cjs');

const own = async () => 'the app’s own';

const app = fastify();
app.register(grantexWebhooks, optionsOf('at the root'));
app.get('/webhooks/grantex', own);
app.register(gravvWebhooks, { ...optionsOf('with a prefix'), prefix: '/api' });
app.get('/api/webhooks/gravv', own);
app.register(grantivaWebhooks, { ...optionsOf('on a path'), path: '/hooks' });
app.get('/hooks', own);
app.post('/echo', async (request) => request.body);
app.listen({ host: '127.0.0.1', port: 0 }).then(() => listening(app.server));

'use strict';
// A wrapper that must be loaded first, as its own documentation has it, is given with `node -r`.
const express = require('express');
const { grantexWebhooks, grantivaWebhooks, gravvWebhooks } = require('@hookproof/express');
const { listening, optionsOf } = require('./told.cjs');

const own = (_req, res) => res.send('the app’s own');
const makeRouter = process.env.WILD_ROUTER === undefined ? express.Router : require(process.env.WILD_ROUTER);

const app = express();
app.use(grantexWebhooks(optionsOf('at the root')));
app.get('/webhooks/grantex', own);

app.use('/mounted', gravvWebhooks(optionsOf('mounted')));
app.get('/mounted', own);

const routed = gravvWebhooks(optionsOf('route handler'));
app.post('/routed/:tenant', routed);
app.get('/routed/:tenant', own);

const router = makeRouter();
router.use(grantivaWebhooks(optionsOf('in a router')));
router.get('/webhooks/grantiva', own);
router.post('/hooks', grantexWebhooks(optionsOf('route handler of a router')));
router.get('/hooks', own);
router.all('/', own);
app.use('/api', router);

const rooted = makeRouter();
rooted.post('/', grantivaWebhooks(optionsOf('route handler of a router’s root')));
rooted.get('/', own);
app.use('/rooted', rooted);

app.use('/in/:tenant', grantexWebhooks(optionsOf('mounted on a parameter')));
app.get('/in/:tenant', own);

app.post('/echo', express.json(), (req, res) => res.json(req.body));

app.post('/:tenant', gravvWebhooks(optionsOf('route handler of a parameter')));
app.get('/:tenant', own);

// What is loaded to wrap the framework must have done so.
const { route } = (app._router ?? app.router).stack.find(({ route }) => route?.path === '/routed/:tenant');
const isWrapped = route.stack[0].handle !== routed;

const server = app.listen(0, '127.0.0.1', () => listening(server, { isWrapped }));

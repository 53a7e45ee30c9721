'use strict';
const { mkdtempSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const express = require('express');
const { grantexWebhooks, grantivaWebhooks, gravvWebhooks } = require('@hookproof/express');
const { listening, optionsOf } = require('./told.cjs');

// Common middlewares as their own pages set them up. Those that judge a request, or read the body of one that they are for,
// stand after the receivers: before them they would be meant for deliveries too.
const silent = { write: () => true };
const files = mkdtempSync(join(tmpdir(), 'wild-static-'));
writeFileSync(join(files, 'page.txt'), 'a page');
const secret = 'a secret of the app itself';

const harmless = [
  require('helmet')(),
  require('cors')(),
  require('morgan')('combined', { stream: silent }),
  require('response-time')(),
  require('compression')({ threshold: 0 }),
  require('cookie-parser')(secret),
  require('express-session')({ secret, resave: false, saveUninitialized: true }),
  require('express-rate-limit').rateLimit({ windowMs: 60_000, limit: 10_000 }),
  require('express-slow-down').slowDown({ windowMs: 60_000, delayAfter: 10_000, delayMs: 1 }),
  require('hpp')(),
  require('method-override')('X-HTTP-Method-Override'),
  require('connect-timeout')('10s'),
  require('passport').initialize(),
  require('passport').session(),
  require('express-validator').query('page').optional().isInt(),
  require('multer')().none(),
  require('express-fileupload')(),
  require('pino-http').pinoHttp({}, silent),
  require('express-winston').logger({ transports: [new (require('winston').transports.Console)({ silent: true })] }),
  require('request-ip').mw(),
  require('express-useragent').express(),
  require('serve-static')(files),
  (_req, res, next) => {
    require('on-finished')(res, () => undefined);
    next();
  },
  // Raw bytes of JSON are what was signed.
  require('body-parser').json({ verify: (req, _res, bytes) => Object.assign(req, { rawBody: bytes }) }),
];

const { doubleCsrfProtection } = require('csrf-csrf').doubleCsrf({
  getSecret: () => secret,
  getSessionIdentifier: (req) => req.session.id,
});
const judging = [
  require('express-basic-auth')({ users: { ada: 'lovelace' } }),
  doubleCsrfProtection,
  require('express-validator').body('hello').isString(),
];

const own = (_req, res) => res.send('the app’s own');
const app = express();

const addReceivers = () => {
  app.use(grantexWebhooks(optionsOf('at the root')));
  app.get('/webhooks/grantex', own);
  app.use('/mounted', gravvWebhooks(optionsOf('mounted')));
  app.get('/mounted', own);
  app.post('/routed/:tenant', grantivaWebhooks(optionsOf('route handler')));
  app.get('/routed/:tenant', own);
};

if (process.env.WILD_SIDE === 'before') {
  app.use(...harmless);
  addReceivers();
} else {
  addReceivers();
  app.use(...harmless);
}

app.post('/echo', (req, res) => res.json(req.body));
app.use('/docs', require('swagger-ui-express').serve, require('swagger-ui-express').setup({ openapi: '3.1.0' }));
app.post('/judged', ...judging, (_req, res) => res.send('judged'));

// Another service, to which a part of the app goes.
const service = createServer((req, res) => res.end(`service ${req.method}`));
service.listen(0, '127.0.0.1', () => {
  const target = `http://127.0.0.1:${service.address().port}`;
  app.use('/service', require('http-proxy-middleware').createProxyMiddleware({ target }));
  app.use(require('errorhandler')({ log: false }));
  const server = app.listen(0, '127.0.0.1', () => listening(server));
});

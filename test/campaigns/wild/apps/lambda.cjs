'use strict';
// A Lambda behind a function URL: each request becomes an event, as AWS makes it, for the handler that WILD_LAMBDA names.
const { createServer } = require('node:http');
const { listening, optionsOf } = require('./told.cjs');

function expressApp() {
  const express = require('express');
  const { grantexWebhooks, gravvWebhooks } = require('@hookproof/express');
  const app = express();
  app.use(grantexWebhooks(optionsOf('at the root')));
  app.post('/hooks/:tenant', gravvWebhooks(optionsOf('route handler')));
  app.use(express.json());
  app.post('/echo', (req, res) => res.json(req.body));
  // Express's own answer wants a socket, which @codegenie/serverless-express does not have.
  app.use((_req, res) => void res.status(404).send('not found'));
  return app;
}

function fastifyApp() {
  const { grantexWebhooks, gravvWebhooks } = require('@hookproof/fastify');
  const app = require('fastify')();
  app.register(grantexWebhooks, optionsOf('at the root'));
  app.register(gravvWebhooks, { ...optionsOf('route handler'), path: '/hooks/:tenant' });
  app.post('/echo', async (request) => request.body);
  return app;
}

const handlers = {
  'serverless-http': () => require('serverless-http')(expressApp()),
  '@codegenie/serverless-express': () => require('@codegenie/serverless-express')({ app: expressApp() }),
  '@fastify/aws-lambda': () => require('@fastify/aws-lambda')(fastifyApp()),
};
const handler = handlers[process.env.WILD_LAMBDA]();

function eventOf({ method, url, headers }, body) {
  const { pathname, search } = new URL(url, 'http://localhost');
  const http = { method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers,
    requestContext: { http, stage: '$default', requestId: 'wild', timeEpoch: 0 },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const made = await handler(eventOf(request, Buffer.concat(chunks)), {});
  response.writeHead(made.statusCode, made.headers);
  response.end(Buffer.from(made.body, made.isBase64Encoded ? 'base64' : 'utf8'));
});
server.listen(0, '127.0.0.1', () => listening(server));

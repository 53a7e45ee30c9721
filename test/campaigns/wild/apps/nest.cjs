'use strict';
// WILD_PLATFORM is Nest's platform. Decorators are called by hand, which is what a compiler makes of them.
require('reflect-metadata');
const { Body, Controller, HttpCode, Module, Post } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { listening, optionsOf } = require('./told.cjs');

class Echo {
  echo(body) {
    return body;
  }
}
Controller('echo')(Echo);
Body()(Echo.prototype, 'echo', 0);
const echo = Object.getOwnPropertyDescriptor(Echo.prototype, 'echo');
Post()(Echo.prototype, 'echo', echo);
HttpCode(200)(Echo.prototype, 'echo', echo);

class AppModule {
  configure(consumer) {
    if (process.env.WILD_PLATFORM !== 'express') return;
    const { gravvWebhooks } = require('@hookproof/express');
    consumer.apply(gravvWebhooks(optionsOf('in a module'))).forRoutes('webhooks/gravv');
  }
}
Module({ controllers: [Echo] })(AppModule);

async function onExpress() {
  const app = await NestFactory.create(AppModule, { rawBody: true, logger: false });
  app.use(require('@hookproof/express').grantexWebhooks(optionsOf('before the app')));
  return app;
}

async function onFastify() {
  const { FastifyAdapter } = require('@nestjs/platform-fastify');
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
  const { grantexWebhooks, gravvWebhooks } = require('@hookproof/fastify');
  await app.register(grantexWebhooks, optionsOf('before the app'));
  await app.register(gravvWebhooks, optionsOf('in a module'));
  return app;
}

async function main() {
  const app = await (process.env.WILD_PLATFORM === 'express' ? onExpress() : onFastify());
  await app.listen(0, '127.0.0.1');
  listening(app.getHttpServer());
}

void main();

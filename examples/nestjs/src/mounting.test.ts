import 'reflect-metadata';
import { grantex, grantiva } from '@hookproof/core';
import { grantivaWebhooks } from '@hookproof/express';
import { grantivaWebhooks as fastifyGrantivaWebhooks } from '@hookproof/fastify';
import { signedDelivery } from '@hookproof/testing';
import { Body, Controller, type INestApplication, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { WebhooksModule } from './webhooks.module.ts';

// What docs/recipes/nestjs.md says of prefixes, sizes and Fastify.
const secret = 'a secret for tests';
const options = { secret, on: { 'device.high_risk': () => undefined } };
const quiet = { logger: false } as const;

beforeEach(() => {
  vi.stubEnv('GRANTEX_SECRET', secret);
  const logged = vi.spyOn(console, 'error').mockReturnValue(undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    logged.mockRestore();
  });
});

@Controller('echo')
class EchoController {
  @Post()
  echo(@Body() body: object): object {
    return body;
  }
}

@Module({ controllers: [EchoController] })
class AppModule {}

async function listen(app: INestApplication): Promise<string> {
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

/** Delivers to a path, and echoes JSON beside it. */
async function deliver(url: string, padding = ''): Promise<number> {
  const event = url.endsWith('grantex')
    ? await signedDelivery(
        grantex(),
        { body: { id: 'evt_1', type: 'grant.revoked', createdAt: '', data: { grantId: 'a', cascade: true, padding } } },
        { secret },
      )
    : await signedDelivery(
        grantiva(),
        { type: 'device.high_risk', data: { device_id: 'a', risk_score: '91', padding } },
        { secret },
      );
  const reply = await fetch(url, event);
  await reply.arrayBuffer();
  return reply.status;
}

async function echo(url: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body: '{"hello":"world"}' })).json();
}

it('app.use: no prefix moves it, and no limit of Nest’s parser holds for it', async () => {
  const app = await NestFactory.create(AppModule, quiet);
  app.setGlobalPrefix('api').use(grantivaWebhooks(options));
  const origin = await listen(app);
  expect(await deliver(`${origin}/webhooks/grantiva`, 'x'.repeat(200_000))).toBe(200);
  expect(await deliver(`${origin}/api/webhooks/grantiva`)).toBe(404);
  expect(await echo(`${origin}/api/echo`)).toEqual({ hello: 'world' });
});

it('in a module: a prefix counts, and so does the limit of Nest’s parser', async () => {
  const make = () => NestFactory.create<NestExpressApplication>(WebhooksModule, { ...quiet, rawBody: true });
  const small = await listen((await make()).setGlobalPrefix('api'));
  expect(await deliver(`${small}/api/webhooks/grantex`)).toBe(200);
  expect(await deliver(`${small}/api/webhooks/grantex`, 'x'.repeat(200_000))).toBe(413);
  const large = await listen((await make()).useBodyParser('json', { limit: '1mb' }));
  expect(await deliver(`${large}/webhooks/grantex`, 'x'.repeat(200_000))).toBe(200);
});

it('in a module without rawBody: it says so at once', async () => {
  const origin = await listen(await NestFactory.create(WebhooksModule, quiet));
  expect(await deliver(`${origin}/webhooks/grantex`)).toBe(500);
  expect(console.error).toHaveBeenCalledOnce();
});

it('on Fastify: the plugin, beside routes whose JSON Nest parses', async () => {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), quiet);
  await app.register(fastifyGrantivaWebhooks, options);
  const origin = await listen(app);
  expect(await deliver(`${origin}/webhooks/grantiva`)).toBe(200);
  expect(await echo(`${origin}/echo`)).toEqual({ hello: 'world' });
});

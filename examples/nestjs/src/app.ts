import 'reflect-metadata';
import { grantivaWebhooks } from '@hookproof/express';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Devices, DevicesController } from './devices.ts';
import { WebhooksModule } from './webhooks.module.ts';

@Module({ imports: [WebhooksModule], controllers: [DevicesController], providers: [Devices] })
class AppModule {}

/** An app with two webhooks: one before Nest's body parser, one in a module, which stands after it. */
export async function createApp(): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, {
    rawBody: true, // for WebhooksModule alone
    logger: ['warn', 'error'],
  });
  const devices = app.get(Devices);
  app.use(
    grantivaWebhooks({
      secret: () => process.env.GRANTIVA_SECRET ?? '',
      on: { 'device.high_risk': ({ data }) => devices.block(data.device_id) },
    }),
  );
  return app;
}

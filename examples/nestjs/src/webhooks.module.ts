import { grantexWebhooks } from '@hookproof/express';
import { Controller, Get, Inject, Injectable, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';

/** The grants that were revoked. A real app keeps them in its database. */
@Injectable()
export class RevokedGrants extends Set<string> {}

@Controller('revoked-grants')
class RevokedGrantsController {
  readonly #revoked: RevokedGrants;

  constructor(@Inject(RevokedGrants) revoked: RevokedGrants) {
    this.#revoked = revoked;
  }

  @Get()
  list(): readonly string[] {
    return [...this.#revoked];
  }
}

/** A webhook as a middleware of a module. The app must be created with `rawBody: true`. */
@Module({ controllers: [RevokedGrantsController], providers: [RevokedGrants] })
export class WebhooksModule implements NestModule {
  readonly #revoked: RevokedGrants;

  constructor(@Inject(RevokedGrants) revoked: RevokedGrants) {
    this.#revoked = revoked;
  }

  configure(consumer: MiddlewareConsumer): void {
    const middleware = grantexWebhooks({
      secret: () => process.env.GRANTEX_SECRET ?? '',
      on: { 'grant.revoked': ({ data }) => this.#revoked.add(data.grantId) },
    });
    consumer.apply(middleware).forRoutes('webhooks/grantex');
  }
}

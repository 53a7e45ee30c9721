import { Body, Controller, Get, Inject, Injectable, Param, Post } from '@nestjs/common';

/** The devices that may not sign in. A real app keeps them in its database. */
@Injectable()
export class Devices {
  readonly #blocked = new Set<string>();

  block(id: string): void {
    this.#blocked.add(id);
  }

  isBlocked(id: string): boolean {
    return this.#blocked.has(id);
  }
}

/** JSON routes, whose bodies Nest parses as ever. */
@Controller('devices')
export class DevicesController {
  readonly #devices: Devices;

  // Named, because tsx leaves out the metadata by which Nest would find it.
  constructor(@Inject(Devices) devices: Devices) {
    this.#devices = devices;
  }

  @Get(':id')
  show(@Param('id') id: string): object {
    return { id, blocked: this.#devices.isBlocked(id) };
  }

  @Post()
  signIn(@Body() body: { readonly id?: string }): object {
    return { id: body.id, allowed: body.id !== undefined && !this.#devices.isBlocked(body.id) };
  }
}

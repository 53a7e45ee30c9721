import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { SignedDelivery } from '@hookproof/testing';
import type { Check, Receiver } from './row.ts';
import { newDelivery, send } from './wire.ts';

/** What is delivered to an app, and what its handlers must have been given by it. */
export class Deliveries {
  readonly #origin: string;
  readonly #genuine: string[] = [];

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** The deliveries that every receiver must answer, and those that the app must answer itself. */
  checks(receivers: readonly Receiver[]): readonly Check[] {
    return [...receivers.flatMap((receiver) => this.#checksOf(receiver)), ...this.#ofTheApp()];
  }

  /** Checks what the handlers wrote, once the app has ended: each genuine event reached its handler once. */
  checkHandled(output: string): void {
    const handled = output.split('\n').filter((line) => line.startsWith('{"handled":'));
    assert.deepEqual(handled.sort(), this.#genuine.sort());
  }

  #checksOf({ name, provider, path, ownGet }: Receiver): readonly Check[] {
    const url = this.#origin + path;
    const expectHandled = async (delivery: SignedDelivery, chunks?: number) => {
      const body = createHash('sha256').update(delivery.body).digest('hex');
      this.#genuine.push(JSON.stringify({ handled: name, body }));
      assert.deepEqual(await send(url, delivery, chunks), { status: 200, body: '{"outcome":"handled"}' });
    };
    return [
      [`${name}: genuine`, async () => expectHandled(await newDelivery(provider))],
      [`${name}: genuine, in chunks`, async () => expectHandled(await newDelivery(provider), 7)],
      [
        `${name}: twice the same`,
        async () => {
          const delivery = await newDelivery(provider);
          await expectHandled(delivery);
          assert.deepEqual(await send(url, delivery), { status: 200, body: '{"outcome":"duplicate"}' });
        },
      ],
      [
        `${name}: forged`,
        async () => {
          const { status, body } = await send(url, await newDelivery(provider, 'another secret than that'));
          assert.deepEqual([status, JSON.parse(body).code], [401, 'signature_mismatch']);
        },
      ],
      [
        `${name}: GET of the same path`,
        async () => {
          const { status, body } = await send(url, { method: 'GET', headers: {}, body: new Uint8Array() });
          if (ownGet) assert.deepEqual([status, body], [200, 'the app’s own']);
          else assert.ok([404, 405].includes(status), `${status}`);
        },
      ],
    ];
  }

  #ofTheApp(): readonly Check[] {
    return [
      [
        'another JSON POST of the app',
        async () => {
          const body = Buffer.from('{"hello":"world"}');
          const headers = { 'content-type': 'application/json' };
          const got = await send(`${this.#origin}/echo`, { method: 'POST', headers, body });
          assert.deepEqual([got.status, JSON.parse(got.body)], [200, { hello: 'world' }]);
        },
      ],
    ];
  }
}

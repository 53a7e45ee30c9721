import { grantex, grantiva } from '@hookproof/core';
import { expect, it } from 'vitest';
import { adapterConformance } from './conformance.ts';
import { inboxConformance } from './inbox-conformance.ts';
import { signedDelivery } from './index.ts';
import { simulateProvider } from './simulator.ts';

const secret = 'a secret for tests';
const event = { type: 'device.new', data: { device_id: 'device-1' } } as const;
const sender = simulateProvider(grantex(), { url: 'http://localhost:3000/', secret });
const never = () => {
  throw new Error('a test was registered');
};

it.each<[wrong: object, made: (wrong: object) => unknown, message: string]>([
  [
    { ID: 'evt_1' },
    (wrong) => signedDelivery(grantiva(), event, { secret, ...wrong }),
    'ID is not an option of signedDelivery. Did you mean id?',
  ],
  [
    { retries: 3 },
    (wrong) => simulateProvider(grantex(), { url: 'http://localhost:3000/', secret, ...wrong }),
    'retries is not an option of simulateProvider. There are: url, secret, speed, behaviour, faults, onAttempt, keepLast, ca, now.',
  ],
  [
    { delayMs: [5] },
    (behaviour) => simulateProvider(grantex(), { url: 'http://localhost:3000/', secret, behaviour }),
    'delayMs is not an option of behaviour. Did you mean delaysMs?',
  ],
  [
    { copys: 2 },
    (faults) => simulateProvider(grantex(), { url: 'http://localhost:3000/', secret, faults }),
    'copys is not an option of faults. Did you mean copies?',
  ],
  [
    { signals: [] },
    (wrong) => sender.send('grant.revoked', wrong),
    'signals is not an option of send. Did you mean signal?',
  ],
  [{ rate: 5 }, (wrong) => sender.sendAll([], wrong), 'rate is not an option of sendAll. Did you mean ratePerSecond?'],
  [
    { overlaps: true },
    (wrong) => sender.rotateSecret('another', wrong),
    'overlaps is not an option of rotateSecret. Did you mean overlap?',
  ],
  // What is misspelt here would leave tests out.
  [
    { serveConsumd: never },
    (wrong) => adapterConformance({ name: 'a', test: never, serve: never, ...wrong }),
    'serveConsumd is not an option of adapterConformance. Did you mean serveConsumed?',
  ],
  [
    { begins: never },
    (wrong) => inboxConformance({ name: 'a', test: never, open: never, ...wrong }),
    'begins is not an option of inboxConformance. Did you mean begin?',
  ],
])('%j: %#', async (wrong, made, message) => {
  await expect((async () => made(wrong))()).rejects.toMatchObject({ code: 'invalid_options', message });
});

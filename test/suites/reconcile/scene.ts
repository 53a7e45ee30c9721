import type { Inbox, OwnedSecrets, Provider } from '@hookproof/core';
import {
  type DeliveryLog,
  grantexEndpoints,
  grantexLog,
  grantivaEndpoints,
  grantivaLog,
  gravvDeliveries,
  gravvLog,
  type ReconciledPage,
  type ReconcileOptions,
  reconcile,
} from '@hookproof/endpoints';
import { memoryInbox } from '@hookproof/inbox';
import { afterEach, expect, vi } from 'vitest';
import { appWith } from './app.ts';
import { keys, type LossyProvider, secretOfServices as secret } from './services.ts';

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close();
});

type Service = (url: string) => Promise<LossyProvider>;

/** An inbox that is closed after the test. */
export function inboxFor() {
  const inbox = memoryInbox({ pollMs: 20 });
  closings.push(() => inbox.close({ maxMs: 100 }));
  return inbox;
}

/** An app, and a provider that sends to it. */
export async function scene(
  provider: Provider,
  service: Service,
  { receiverName, owner }: { readonly receiverName?: string; readonly owner?: string } = {},
  logged = provider.name,
) {
  const inbox = inboxFor();
  const secrets = owner === undefined ? secret : (): OwnedSecrets => ({ owner, secrets: secret });
  const app = await appWith(provider, secrets, inbox, receiverName);
  closings.push(app.close);
  const server = await service(app.url);
  closings.push(server.close);
  return { inbox, app, server, log: logOf(logged, server.baseUrl) };
}

function logOf(name: string, baseUrl: string): DeliveryLog {
  const options = { baseUrl, backoff: () => 0 };
  if (name === 'gravv') return gravvLog(gravvDeliveries({ ...options, apiKey: keys.gravv }));
  if (name === 'grantex') return grantexLog(grantexEndpoints({ ...options, apiKey: keys.grantex }), 'wh_1');
  return grantivaLog(grantivaEndpoints({ ...options, cookie: keys.grantiva }), 'ep_1');
}

/** All pages as one. */
export async function run(options: ReconcileOptions, most = Number.POSITIVE_INFINITY) {
  const pages: ReconciledPage[] = [];
  for await (const page of reconcile(options)) if (pages.push(page) === most) break;
  const sum = (count: (page: ReconciledPage) => number) => pages.reduce((all, page) => all + count(page), 0);
  return {
    pages,
    compared: sum(({ compared }) => compared),
    present: sum(({ present }) => present),
    pending: sum(({ pending }) => pending),
    ignored: sum(({ ignored }) => ignored),
    recovered: pages.flatMap(({ recovered }) => recovered),
    missing: pages.flatMap(({ missing }) => missing),
  };
}

/** Waits until so many are handled, and nothing waits. */
export const handled = (inbox: Inbox, count: number) =>
  vi.waitFor(
    async () => expect(await inbox.counts()).toMatchObject({ waiting: 0, working: 0, handled: count }),
    20_000,
  );

/** When the last of some events was made: before what may be on its way. */
export const until = () => Date.now() - 120_000;

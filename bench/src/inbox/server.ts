/** A process of its own per contender: Express with an inbox in a file, or without one. */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type ExpressWebhookOptions, webhooks } from '@hookproof/express';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import express from 'express';
import { answer } from '../children.ts';
import { schemes } from '../deliveries.ts';
import { handle } from '../handle.ts';
import { path, scheme } from '../http/contenders.ts';
import type { ServerAnswer } from '../http/server.ts';
import { httpContenders } from './contenders.ts';

const [, , name, folder = ''] = process.argv;
const contender = httpContenders.find((one) => one === name);
if (contender === undefined) throw new RangeError(`There is no server ${name}.`);

const { provider, secret } = schemes[scheme];
const inbox =
  contender === 'inline'
    ? undefined
    : sqliteInbox({ path: join(folder, `${contender}.db`), work: contender === 'inbox' });
const options = { secret, on: { 'grant.revoked': handle } } satisfies ExpressWebhookOptions<typeof provider>;
const app = express();
app.post(path, webhooks(provider, { ...options, inbox }));
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (typeof address !== 'object' || address === null) throw new Error('Express does not listen on a port.');
const { port } = address;

/** Answers when nothing is left to do of what came before. */
answer(async (): Promise<ServerAnswer> => {
  while (contender === 'inbox' && (await isAtWork())) await pause(20);
  const { user, system } = process.cpuUsage();
  return { port, cpuUs: user + system };
});

async function isAtWork(): Promise<boolean> {
  const counts = await inbox?.counts();
  return counts !== undefined && counts.waiting + counts.working > 0;
}

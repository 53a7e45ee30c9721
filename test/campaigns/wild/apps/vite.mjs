// A server that renders with Vite in middleware mode, whose module of webhooks is written anew while it runs. It delivers to
// itself, and ends with 0 where the new code takes over at once, retries included, and that is said once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { grantex } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { createServer as createVite } from 'vite';

const secret = process.env.WILD_SECRET;
const handled = [];
globalThis.handled = handled;
const said = [];
console.warn = (text) => said.push(text);

const root = mkdtempSync(join(import.meta.dirname, 'vite-'));
const module = join(root, 'webhooks.mjs');
const write = (version, fails) =>
  writeFileSync(
    module,
    `import { grantexWebhooks } from '@hookproof/express';
    import { memoryInbox } from '@hookproof/inbox';
    globalThis.inbox ??= memoryInbox({ pollMs: 50, backoff: () => 300 });
    export const receive = grantexWebhooks({
      secret: ${JSON.stringify(secret)},
      inbox: globalThis.inbox,
      on: { '*': ({ id }, { attempt }) => {
        handled.push([${version}, id, attempt]);
        if (${fails}) throw new Error('of version ${version}');
      } },
    });`,
  );
write(1, true);

const vite = await createVite({
  root,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, ws: false },
});
const server = createServer((request, response) => {
  vite.middlewares(request, response, async () =>
    (await vite.ssrLoadModule('/webhooks.mjs')).receive(request, response),
  );
});
await once(server.listen(0, '127.0.0.1'), 'listening');

async function deliver(id) {
  const event = { type: 'grant.revoked', id, data: { grantId: 'grnt_1', cascade: false } };
  const delivery = await signedDelivery(grantex(), event, { secret });
  return (await fetch(`http://127.0.0.1:${server.address().port}/webhooks/grantex`, delivery)).status;
}

async function until(done) {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function rewrite(version, fails) {
  const changed = once(vite.watcher, 'change');
  write(version, fails);
  await changed;
  await until(() => vite.moduleGraph.getModuleById(module)?.ssrModule == null);
}

assert.equal(await deliver('evt_1'), 202);
await until(() => handled.length > 0);
await rewrite(2, false);
assert.equal(await deliver('evt_2'), 202);
await until(() => handled.length >= 3);
await rewrite(3, false);
assert.equal(await deliver('evt_3'), 202);
await until(() => handled.length >= 4);
assert.deepEqual(handled.map(([version, id]) => `${id} by ${version}`).toSorted(), [
  'evt_1 by 1',
  'evt_1 by 2',
  'evt_2 by 2',
  'evt_3 by 3',
]);
assert.equal(said.filter((text) => text.includes('"grantex", and takes over')).length, 1);
await globalThis.inbox.close();
await vite.close();
server.close();

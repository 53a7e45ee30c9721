// `next dev` with a route that stores, whose module is written anew while the server runs. It delivers to it, and ends with 0
// where the new code takes over at once, retries included, and that is said once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { grantex } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';

const secret = process.env.WILD_SECRET;
const next = join(import.meta.dirname, '..', 'node_modules', 'next', 'dist', 'bin', 'next');
const root = join(import.meta.dirname, 'next-dev');
const route = join(root, 'app', 'hooks', 'route.js');
mkdirSync(join(root, 'app', 'hooks'), { recursive: true });
cpSync(join(import.meta.dirname, 'next', 'app', 'layout.jsx'), join(root, 'app', 'layout.jsx'));

function write(version, fails) {
  writeFileSync(
    route,
    `import { createReceiver, grantex } from '@hookproof/core';
import { memoryInbox } from '@hookproof/inbox';

globalThis.inbox ??= memoryInbox({ pollMs: 50, backoff: () => 3_000 });
const receiver = createReceiver({
  provider: grantex(),
  secret: process.env.WILD_SECRET,
  inbox: globalThis.inbox,
  on: {
    '*': ({ id }) => {
      console.log('handled ' + id + ' by ${version}');
      if (${fails}) throw new Error('of version ${version}');
    },
  },
});
export const POST = receiver.fetch;
export const GET = () => new Response('${version}');
`,
  );
}

write(1, true);
const server = spawn(process.execPath, [next, 'dev', '--hostname', '127.0.0.1', '--port', '0'], {
  cwd: root,
  env: { ...process.env, NODE_ENV: 'development', NEXT_TELEMETRY_DISABLED: '1' },
});
const lines = [];
const watchers = new Set();
for (const stream of [server.stdout, server.stderr]) {
  createInterface({ input: stream }).on('line', (line) => {
    lines.push(line);
    for (const look of watchers) look();
  });
}

/** Resolves with the first line that fits, whenever it comes. */
const told = (pattern) =>
  new Promise((resolve) => {
    const look = () => {
      const found = lines.find((line) => pattern.test(line));
      if (found === undefined) return;
      watchers.delete(look);
      resolve(found);
    };
    watchers.add(look);
    look();
  });

const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(await told(/http:\/\/127\.0\.0\.1:\d+/));
await told(/Ready/);

async function deliver(id) {
  const event = { type: 'grant.revoked', id, data: { grantId: 'grnt_1', cascade: false } };
  const reply = await fetch(`${origin}/hooks`, await signedDelivery(grantex(), event, { secret }));
  assert.equal(reply.status, 202, await reply.text());
}

async function rewrite(version, fails) {
  write(version, fails);
  // The server compiles when it is asked.
  while ((await (await fetch(`${origin}/hooks`)).text()) !== String(version));
}

try {
  await deliver('evt_1');
  await told(/handled evt_1 by 1/);
  await rewrite(2, false);
  await deliver('evt_2');
  await Promise.all([told(/handled evt_1 by 2/), told(/handled evt_2 by 2/)]);
  await rewrite(3, false);
  await deliver('evt_3');
  await told(/handled evt_3 by 3/);
  assert.deepEqual(lines.flatMap((line) => /handled (evt_\d by \d)/.exec(line)?.[1] ?? []).toSorted(), [
    'evt_1 by 1',
    'evt_1 by 2',
    'evt_2 by 2',
    'evt_3 by 3',
  ]);
  assert.equal(lines.filter((line) => /"grantex", and takes over/.test(line)).length, 1);
} catch (error) {
  console.error(lines.join('\n'));
  throw error;
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
}

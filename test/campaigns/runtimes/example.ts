import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grantex, gravv } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import { root } from '../../rules/workspace.ts';
import { start } from './process.ts';
import { type Result, runTests } from './results.ts';
import { esbuild, workerd } from './runtimes.ts';

const secrets = { GRANTEX_SECRET: 'grantex secret for tests', GRAVV_SECRET: 'gravv secret for tests' };

/** Delivers to `examples/cloudflare-worker` as its own `wrangler.jsonc` describes it, bundled with the packed packages. */
export async function runExample(version: string, project: string): Promise<Result> {
  const folder = join(project, 'cloudflare-worker');
  cpSync(join(root, 'examples', 'cloudflare-worker'), folder, {
    recursive: true,
    filter: (source) => !source.includes('node_modules') && !source.endsWith('.test.ts'),
  });
  // wrangler keeps secrets beside its configuration; workerd alone has only the plain variables in it.
  const configuration = join(folder, 'wrangler.jsonc');
  const bound = `{ "vars": ${JSON.stringify(secrets)},`;
  writeFileSync(configuration, readFileSync(configuration, 'utf8').replace('{', bound));
  // workerd bundles the Worker itself, and would refuse an import of `node:`. Its own KV store is still experimental.
  const command = [workerd, 'serve', 'wrangler.jsonc', '--experimental', '--socket-addr', 'http=127.0.0.1:0'];
  const worker = await start([...command, '--control-fd=1'], folder, { WORKERD_ESBUILD: esbuild });
  const { origin } = worker;
  const revoked = async () => Object(await (await fetch(`${origin}/grants/grnt_1`)).json()).revoked;
  const event = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: true } } as const;
  try {
    const about = { runtime: 'workerd', version, subject: 'examples/cloudflare-worker' };
    return await runTests(
      about,
      [
        [
          'refuses a forgery, and nothing happens',
          async () => {
            const forgery = await signedDelivery(grantex(), event, { secret: secrets.GRAVV_SECRET });
            assert.equal((await fetch(`${origin}/webhooks/grantex`, forgery)).status, 401);
            assert.equal(await revoked(), false);
          },
        ],
        [
          'remembers a revoked grant in its namespace, once',
          async () => {
            const delivery = await signedDelivery(grantex(), event, { secret: secrets.GRANTEX_SECRET });
            for (const outcome of ['handled', 'duplicate']) {
              const reply = await fetch(`${origin}/webhooks/grantex`, delivery);
              assert.deepEqual([reply.status, await reply.json()], [200, { outcome }]);
            }
            assert.equal(await revoked(), true);
          },
        ],
        [
          'takes each provider’s secret from its bindings',
          async () => {
            const sample = sampleEvent(gravv(), 'transfer.status.completed');
            const delivery = await signedDelivery(gravv(), sample, { secret: secrets.GRAVV_SECRET });
            assert.equal((await fetch(`${origin}/webhooks/gravv`, delivery)).status, 200);
          },
        ],
      ],
      worker,
    );
  } finally {
    await worker.end();
  }
}

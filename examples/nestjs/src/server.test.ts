import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { grantiva } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import { expect, it } from 'vitest';

const secret = 'a secret for tests';

it('listens on PORT, receives, and ends well on SIGTERM', async () => {
  const args = ['--conditions=@hookproof/source', '--import', 'tsx', 'src/server.ts'];
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const env = { ...process.env, PORT: '0', GRANTIVA_SECRET: secret, GRANTEX_SECRET: secret };
  const server = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
    const origin = /http:[\w/.:]+/.exec(line)?.[0];
    const delivery = await signedDelivery(grantiva(), sampleEvent(grantiva(), 'device.high_risk'), { secret });
    expect((await fetch(`${origin}/webhooks/grantiva`, delivery)).status).toBe(200);
  } finally {
    server.kill('SIGTERM');
  }
  const [code] = await once(server, 'exit');
  expect(code).toBe(0);
}, 20_000);

import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grantex } from '@hookproof/core';
import { simulateProvider } from '@hookproof/testing/simulator';
import { expect, it, onTestFinished } from 'vitest';

const openssl = 'openssl';
const hasOpenssl = spawnSync(openssl, ['version']).status === 0;

/** A key, and a certificate for 127.0.0.1 that it signed itself. */
function selfSigned() {
  const folder = mkdtempSync(join(tmpdir(), 'hookproof-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const args = ['req', '-x509', '-days', '2', '-key', join(folder, 'key.pem'), ...subject];
  return { key, cert: execFileSync(openssl, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) };
}

it.skipIf(!hasOpenssl)(
  'a certificate that nobody vouches for is refused, and trusted when it is given as ca',
  async () => {
    const { key, cert } = selfSigned();
    const server = createServer({ key, cert }, (request, response) => {
      request.resume();
      response.end('ok');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const options = { url: `https://127.0.0.1:${port}/hooks`, secret: 'a', behaviour: { delaysMs: [] } };

    const strict = simulateProvider(grantex(), options);
    expect((await strict.send()).attempts).toMatchObject([{ error: 'certificate_refused', isDelivered: false }]);
    const trusting = simulateProvider(grantex(), { ...options, ca: cert });
    expect((await trusting.send()).attempts).toMatchObject([{ status: 200, body: 'ok', isDelivered: true }]);
    await Promise.all([strict.close(), trusting.close()]);
  },
);

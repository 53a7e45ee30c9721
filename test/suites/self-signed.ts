import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const openssl = 'openssl';

/** Whether certificates can be made here. */
export const hasOpenssl = spawnSync(openssl, ['version']).status === 0;

/**
 * A key, and a certificate that it signed itself.
 *
 * @param name whose, as `subjectAltName` has it: `IP:127.0.0.1`, `DNS:example.test`
 */
export function selfSigned(name: string): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'hookproof-tls-'));
  try {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
    const subject = ['-subj', '/CN=hookproof', '-addext', `subjectAltName=${name}`];
    const args = ['req', '-x509', '-days', '2', '-key', join(folder, 'key.pem'), ...subject];
    return { key, cert: execFileSync(openssl, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { closeAfterEach, ownFolder } from '../closing.ts';
import { countingReceiver, deliveringGrantex } from '../endpoints/delivering.ts';
import { grantexKey } from '../endpoints/servers.ts';
import { program } from './hookproof.ts';

// A process of the command line compiles it anew, and looks every five seconds.
vi.setConfig({ testTimeout: 60_000 });

const open = closeAfterEach();

/** A Grantex with an endpoint, and the receiver that it sends to, which takes the secret in a file besides the former one. */
async function start() {
  const path = join(ownFolder(open, 'hookproof-retire-'), 'grantex.secret');
  const receiver = await countingReceiver(() => (existsSync(path) ? [readFileSync(path, 'utf8')] : []));
  open.push(receiver.close);
  const server = await deliveringGrantex();
  open.push(server.close);
  const former = await server.endpoints.create({ url: receiver.url, events: ['grant.revoked', 'grant.created'] });
  receiver.secrets.push(former.secret.reveal());
  return { server, receiver, former, path };
}

/** Starts a process of the command line. */
function begin(baseUrl: string, ...argv: readonly string[]) {
  const env = { ...process.env, GRANTEX_URL: baseUrl, GRANTEX_API_KEY: grantexKey };
  const child = spawn(process.execPath, [...program, 'endpoints', 'grantex', ...argv], { env });
  open.push(() => child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  const says = (text: string) =>
    new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
        if (stderr.includes(text)) resolve();
      });
    });
  const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }));
  return { child, says, ended };
}

it('ensure --replace loses nothing of what is queued, with a receiver that reads the secret where it was saved', async () => {
  const { server, receiver, former, path } = await start();
  server.hold(true);
  const happened = Array.from({ length: 30 }, () => server.happen('grant.revoked'));
  const wanted = ['--url', receiver.url, '--events', 'grant.revoked'];
  const { says, ended } = begin(server.baseUrl, 'ensure', '--replace', '--save-secret', path, ...wanted);
  await says('30 deliveries are still pending');
  happened.push(server.happen('grant.revoked'));
  server.hold(false);
  const { code, stdout } = await ended;
  happened.push(server.happen('grant.revoked'));
  await vi.waitFor(() => expect(receiver.handled.size).toBe(happened.length), { timeout: 10_000 });
  expect([code, stdout]).toEqual([0, expect.stringContaining(`Deleted ${former.id}.`)]);
  expect([...receiver.handled.keys()].sort()).toEqual(happened);
  expect(new Set(receiver.handled.values())).toEqual(new Set([1]));
  expect(receiver.refused).toEqual([]);
  expect(server.rows).toHaveLength(1);
});

it('Ctrl-C during the wait keeps both endpoints and the new secret, and says how to go on', async () => {
  const { server, receiver, former, path } = await start();
  server.hold(true);
  server.happen('grant.revoked');
  const wanted = ['--url', receiver.url, '--events', 'grant.revoked'];
  const { child, says, ended } = begin(server.baseUrl, 'ensure', '--replace', '--save-secret', path, ...wanted);
  await says('1 delivery is still pending');
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect([code, stderr]).toEqual([130, expect.stringContaining(`hookproof endpoints grantex delete ${former.id}`)]);
  expect(readFileSync(path, 'utf8')).toBe(server.secrets[1]);
  expect(server.rows).toHaveLength(2);
});

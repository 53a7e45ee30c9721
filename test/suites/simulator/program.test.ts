import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { root } from '../../rules/workspace.ts';

it('a user’s test runs under node --test, and its process ends by itself', async () => {
  const program = fileURLToPath(new URL('./as-a-user.ts', import.meta.url));
  const args = ['--conditions=@hookproof/source', '--import', 'tsx', '--test', '--test-reporter=tap', program];
  // The runner of the test runner would report to its parent, and not in TAP.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 60_000 });
  expect(stdout).toMatch(/^# pass 2$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
}, 70_000);

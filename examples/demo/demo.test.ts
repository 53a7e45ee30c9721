import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type DemoOptions, runDemo } from './src/demo.ts';
import { type Scene, scenes } from './src/scenes.ts';

async function wronglyExpected(): Promise<readonly Scene[]> {
  const all = await scenes();
  return all.map((scene) => ({
    ...scene,
    steps: scene.steps
      .filter(({ expected }) => expected.outcome === 'stale_delivery')
      .map((step) => ({ ...step, expected: { ...step.expected, status: 200, outcome: 'handled' as const } })),
  }));
}

async function run(options: Partial<DemoOptions>) {
  const lines: string[] = [];
  const result = await runDemo({
    scenes: await scenes(),
    colour: false,
    signal: new AbortController().signal,
    write: (line) => lines.push(line),
    ...options,
  });
  return { result, log: lines.join('') };
}

describe('the demo', () => {
  it('exits 0 with every outcome as expected, and prints no colours into a pipe', async () => {
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const args = ['--conditions=@hookproof/source', '--import', 'tsx', 'src/main.ts'];
    const demo = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const [log, errors, [code]] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'exit')]);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const [, sent, asExpected] = /^✓ (\d+) deliveries, (\d+) as expected/m.exec(log) ?? [];
    expect(Number(sent)).toBeGreaterThan(100);
    expect(asExpected).toBe(sent);
    expect(log).not.toContain('\u001b');
    expect(log).toContain('SIGKILL: 3 waiting, 1 working, 2 handled, 0 dead; 2 entries in the ledger');
    expect(log).toContain('Started again: 0 waiting, 0 working, 6 handled, 0 dead; 6 entries in the ledger');
  }, 40_000);

  it('fails, and says where, when an outcome is not the expected one', async () => {
    const { result, log } = await run({ scenes: await wronglyExpected() });
    expect(result).toBe('failed');
    expect(log).toContain('✗ 3 deliveries, 0 as expected');
    for (const framework of ['express', 'fastify', 'hono']) {
      expect(log).toContain(`✗ ${framework} /webhooks/grantex: the reply is 401`);
      expect(log).toContain(
        `✗ ${framework} /webhooks/grantex: the report's outcome is stale_delivery, expected handled`,
      );
    }
  });

  it('fails when a part of it does', async () => {
    const part = async () => ({
      sent: 2,
      asExpected: 1,
      outcomes: ['stored'] as const,
      problems: ['inbox: one is lost'],
    });
    const { result, log } = await run({ scenes: [], parts: [part] });
    expect(result).toBe('failed');
    expect(log).toContain('✗ 2 deliveries, 1 as expected');
    expect(log).toContain('✗ inbox: one is lost');
  });

  it('finishes the delivery under way when it is interrupted', async () => {
    const interruption = new AbortController();
    const lines: string[] = [];
    const write = (line: string) => {
      lines.push(line);
      if (line.includes('device.new')) interruption.abort();
    };
    const { result } = await run({ signal: interruption.signal, write });
    expect(result).toBe('interrupted');
    expect(lines.join('')).toContain('✓ 1 delivery, 1 as expected');
  });

  it('prints colours where they are wanted', async () => {
    const { log } = await run({ scenes: (await scenes()).slice(-1), colour: true });
    expect(log).toContain('\u001b[32m200');
  });
});

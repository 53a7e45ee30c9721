/**
 * `pnpm attack`: 100,000 deliveries, of which the most are wrong in some way, against every scheme through every adapter.
 * Two processes send them, and a third, this one, ends what hangs. Then uploads that go on after their answer, over HTTP/1 and
 * HTTP/2: how much of them was taken all the same.
 *
 * - HOOKPROOF_ATTACK_RUNS: how many cases in all
 * - HOOKPROOF_ATTACK_SEED: where to begin; another one every time, unless given
 * - HOOKPROOF_ATTACK_TARGET: part of a name in the table, to attack only this
 * - HOOKPROOF_ATTACK_PATH: leads to one case of a seed; a failure prints it
 */
import { type ChildProcess, fork } from 'node:child_process';
import process from 'node:process';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { frameworks } from './apps.ts';
import { type Attack, attacks, repeatIt, run, runsOf, settings } from './attack.ts';
import { mostAfterAnswer, protocols, serveUnfinished, unfinished } from './unfinished.ts';

/** What a process that sends deliveries tells: that it lives, or what became of an attack. */
type Message = 'alive' | { readonly counts: readonly (readonly [string, number])[] } | { readonly failure: string };

interface Order {
  readonly name: string;
  readonly runs: number;
  readonly seed: number;
  readonly path: string | undefined;
}

const silenceMs = 20_000;

/** After so many failures the rest would only take time. */
const enoughFailures = 3;

if (process.send === undefined) await command();
else process.on('message', (order: Order) => void obey(order));

async function obey({ name, runs, seed, path }: Order): Promise<void> {
  const tell = (message: Message) => process.send?.(message);
  const attack = attacks.find((one) => one.name === name);
  if (attack === undefined) return void tell({ failure: `There is no attack ${name}.` });
  let told = 0;
  const onCase = () => {
    if (performance.now() < told + 1_000) return;
    told = performance.now();
    tell('alive');
  };
  try {
    tell({ counts: [...(await run(attack, { runs, seed, path, onCase }))] });
  } catch (error) {
    tell({ failure: error instanceof Error ? error.message : String(error) });
  }
}

async function command(): Promise<void> {
  const { runs, seed, path, attacks: waiting } = settings(process.env, 100_000);
  const started = performance.now();
  console.log(`attack: ${runs} cases, seed ${seed}; repeat it with HOOKPROOF_ATTACK_SEED=${seed}\n`);
  console.log(row('scheme, adapter', ['cases', 'handled', '401', 'other'], 'seed'));
  const left = waiting.values();
  const totals = [0, 0, 0, 0];
  const failures: string[] = [];
  const sender = async () => {
    let child = fork(fileURLToPath(import.meta.url));
    for (const attack of left) {
      if (failures.length >= enoughFailures) break;
      const result = await send(child, attack, { name: attack.name, runs: runsOf(attack, runs), seed, path });
      if (typeof result === 'string') {
        failures.push(result);
        console.log(`${attack.name}: FAILED`);
        child.kill('SIGKILL');
        child = fork(fileURLToPath(import.meta.url));
        continue;
      }
      result.forEach((count, index) => {
        totals[index] = (totals[index] ?? 0) + count;
      });
      console.log(row(attack.name, result, seed));
    }
    child.kill();
  };
  await Promise.all([sender(), sender()]);
  console.log(row('all', totals, seed));
  if (waiting.length === attacks.length) failures.push(...(await unfinishedUploads()));
  console.log(`\n${Math.round((performance.now() - started) / 1_000)} s`);
  for (const failure of failures) console.error(`\n${failure}`);
  if (failures.length > 0 || totals[0] === 0) process.exitCode = 1;
}

/** Sends uploads that go on after their answer, and tells how much of them was taken then; returns what went wrong. */
async function unfinishedUploads(): Promise<readonly string[]> {
  const failures: string[] = [];
  console.log('\nbytes taken of an upload after its answer');
  console.log(
    `${'upload, adapter'.padEnd(34)}${Object.keys(protocols)
      .map((name) => name.padStart(12))
      .join('')}`,
  );
  for (const framework of frameworks) {
    for (const [kind, upload] of Object.entries(unfinished)) {
      const cells: string[] = [];
      for (const [protocol, { send }] of Object.entries(protocols)) {
        const app = await serveUnfinished(protocol, framework);
        const result = await Promise.race([send(app, upload), after(silenceMs, undefined, { ref: false })]);
        await app.close();
        cells.push(result === undefined ? 'never ends' : result.taken.toLocaleString('en'));
        if (result === undefined || result.taken > mostAfterAnswer || !result.answer.body.includes(upload.outcome)) {
          failures.push(`${kind}, ${framework}, ${protocol}: ${JSON.stringify(result) ?? 'the server never ends it'}`);
        }
      }
      console.log(`${`${kind}, ${framework}`.padEnd(34)}${cells.map((cell) => cell.padStart(12)).join('')}`);
    }
  }
  return failures;
}

/** The counts of an attack, or why it failed. */
function send(child: ChildProcess, attack: Attack, order: Order): Promise<readonly number[] | string> {
  return new Promise((resolve) => {
    const hangs = setTimeout(() => {
      finish(`${attack.name}: a case hangs.\nRepeat it: ${repeatIt(attack.name, order.seed, order.path ?? '')}`);
    }, silenceMs);
    const onExit = () => finish(`${attack.name}: the process ended.`);
    const onMessage = (message: Message) => {
      hangs.refresh();
      if (message === 'alive') return;
      finish('failure' in message ? message.failure : columns(message.counts));
    };
    const finish = (result: readonly number[] | string) => {
      clearTimeout(hangs);
      child.off('message', onMessage).off('exit', onExit);
      resolve(result);
    };
    child.on('message', onMessage).on('exit', onExit);
    child.send(order);
  });
}

function columns(counts: readonly (readonly [string, number])[]): readonly number[] {
  const sum = (which: (outcome: string) => boolean) =>
    counts.reduce((total, [outcome, count]) => total + (which(outcome) ? count : 0), 0);
  const refused = (outcome: string) => /signature|stale/.test(outcome);
  const handled = sum((outcome) => outcome === 'handled');
  return [sum(() => true), handled, sum(refused), sum((outcome) => outcome !== 'handled' && !refused(outcome))];
}

function row(name: string, cells: readonly (number | string)[], seed: number | string): string {
  return `${name.padEnd(26)}${cells.map((cell) => String(cell).padStart(9)).join('')}   ${seed}`;
}

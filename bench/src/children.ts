import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

type Answer = { readonly value: unknown } | { readonly error: string };

/** A process of its own that answers one question at a time. */
export interface Child {
  /** `Value` is what the module's `answer` returns. */
  ask<Value>(question: unknown): Promise<Value>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** What a process is started with besides its arguments. */
interface Surroundings {
  /** A module that is imported before all others. */
  readonly first?: URL | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a module of this folder in a process of its own. */
export function start(module: URL, args: readonly string[] = [], { first, env }: Surroundings = {}): Child {
  const execArgv = first === undefined ? [] : ['--import', first.href];
  const child = fork(module, args, { execArgv, env: { ...process.env, NODE_ENV: 'production', ...env } });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return {
    ask<Value>(question: unknown) {
      return new Promise<Value>((resolve, reject) => {
        const ended = () => new Error(`${module.pathname} ${args.join(' ')} ended before its answer.`);
        if (!running.has(child)) return reject(ended());
        const onExit = () => reject(ended());
        child.once('exit', onExit);
        child.once('message', (answer: Answer) => {
          child.off('exit', onExit);
          if ('error' in answer) reject(new Error(answer.error));
          else resolve(answer.value as Value);
        });
        child.send({ question }, (error) => {
          if (error) reject(error);
        });
      });
    },
    async stop() {
      if (!running.has(child)) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

const cleanups: (() => unknown)[] = [];

/** Has something done when the run ends, also by Ctrl-C. */
export function atEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** Ends every child that still runs, and cleans up. */
export async function stopAll(): Promise<void> {
  for (const child of running) child.kill();
  for (const cleanup of cleanups.splice(0)) await cleanup();
}

/** The child's side: answers what the parent asks, and ends when the parent does. */
export function answer<Question>(reply: (question: Question) => unknown): void {
  process.on('message', async ({ question }: { question: Question }) => {
    let answer: Answer;
    try {
      answer = { value: await reply(question) };
    } catch (error) {
      answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.send?.(answer);
  });
  process.on('disconnect', () => process.exit());
}

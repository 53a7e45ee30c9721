import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { InboxOptions } from '@hookproof/inbox';
import type { EngineName } from './engines.ts';
import type { Held } from './growth.ts';

/** What a server process has to do. */
export interface Order {
  /** Which of all servers it is, from 1: unlike a process id it never comes again. */
  readonly number: number;
  readonly engine: EngineName;
  readonly at: string;
  /** Name of the receiver. */
  readonly name: string;
  readonly secret: string;
  /** The file in which handlers note what they do. */
  readonly journal: string;
  /** A handler takes up to this many milliseconds. */
  readonly workMs: number;
  /** Milliseconds between attempts. */
  readonly backoffMs: number;
  readonly inbox: Omit<InboxOptions, 'backoff' | 'onError' | 'now'>;
}

interface RunningServer {
  readonly number: number;
  readonly port: number;
  /** Ends it with SIGKILL, and notes that in the journal once it is gone. */
  readonly kill: () => Promise<void>;
  /** Resolves when it is gone, whoever ended it, and that is noted. */
  readonly gone: Promise<void>;
  /** Stops it as a paused machine is stopped, and lets it go on. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** What it holds now. */
  readonly sample: () => Promise<Held>;
}

/** Server processes, of which one always stands ready: loading the sources takes longer than a round. */
export interface Crew {
  /** Starts one, which finds its store at the order's place or at another address of it. */
  readonly start: (at?: string) => Promise<RunningServer>;
  /** Ends all of them; throws where one had ended by itself. */
  readonly dismiss: () => Promise<void>;
}

export function hire(order: Omit<Order, 'number'>): Crew {
  const alive = new Set<ChildProcess>();
  const fallen: string[] = [];
  let number = 0;
  let spare = load();

  function load(): Promise<ChildProcess> {
    const child = fork(fileURLToPath(new URL('server.ts', import.meta.url)));
    alive.add(child);
    child.once('exit', (code, signal) => {
      alive.delete(child);
      if (signal !== 'SIGKILL') fallen.push(`a server ended by itself: ${signal ?? `exit code ${code}`}`);
    });
    const loaded = told(child).then(() => child);
    // It may be dismissed before anyone asks for it.
    loaded.catch(() => undefined);
    return loaded;
  }

  return {
    async start(at = order.at) {
      const child = await spare;
      spare = load();
      number += 1;
      const mine = number;
      child.send({ ...order, at, number: mine } satisfies Order);
      const { port } = (await told(child)) as { readonly port: number };
      const gone = ended(child).then(() => appendFileSync(order.journal, `killed ${mine}\n`));
      return {
        number: mine,
        port,
        gone,
        async kill() {
          child.kill('SIGKILL');
          await gone;
        },
        freeze: () => child.kill('SIGSTOP'),
        thaw: () => child.kill('SIGCONT'),
        async sample() {
          child.send('sample');
          return (await told(child)) as Held;
        },
      };
    },
    async dismiss() {
      const all = [...alive];
      for (const child of all) child.kill('SIGKILL');
      await Promise.all(all.map(ended));
      if (fallen.length > 0) throw new Error(fallen.join('\n'));
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** The next thing that a process says; rejects where it ends or keeps silent instead. */
async function told(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const onExit = () => over.abort(new Error('a server ended before it was ready'));
  child.once('exit', onExit);
  try {
    const [message] = await once(child, 'message', {
      signal: AbortSignal.any([over.signal, AbortSignal.timeout(30_000)]),
    });
    return message;
  } finally {
    child.off('exit', onExit);
  }
}

import type { Value } from './recorder.ts';

/** A command that waits to be sent. */
interface Waiting {
  readonly command: readonly Value[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What is used of an ioredis client to send commands. */
export interface RedisSender {
  /** Runs a command. */
  call(command: string, ...values: Value[]): Promise<unknown>;
  /** Makes a list of commands that are sent in one go. */
  pipeline(commands: unknown[][]): RedisPipeline;
}

/** Commands that are sent in one go. */
interface RedisPipeline {
  /** Sends them, and resolves with the error or the reply of each. */
  exec(): Promise<readonly Reply[] | null>;
}

type Reply = [error: Error | null, reply: unknown];

/**
 * Makes the function that sends commands, those of one turn of the event loop in one go: a Redis that is set to keep what
 * it is told writes to its disk once for all that it reads at once.
 *
 * @returns a function of a command; a patient one waits until the end of the turn for others to go with
 */
export function createSender(client: RedisSender): (command: readonly Value[], patient: boolean) => Promise<unknown> {
  let waiting: Waiting[] = [];
  let flushing = false;

  async function flush(): Promise<void> {
    flushing = false;
    const sent = waiting;
    waiting = [];
    try {
      const replies = await sendAll(sent.map(({ command }) => command));
      for (const [index, { resolve, reject }] of sent.entries()) {
        const [error, reply] = replies[index] ?? [new Error('Redis gave no reply.'), undefined];
        if (error === null) resolve(reply);
        else reject(error);
      }
    } catch (error) {
      for (const { reject } of sent) reject(error);
    }
  }

  async function sendAll(commands: readonly (readonly Value[])[]): Promise<readonly Reply[]> {
    const [first, second] = commands;
    if (first === undefined) return [];
    if (second !== undefined) return (await client.pipeline(commands.map((command) => [...command])).exec()) ?? [];
    const [name = '', ...values] = first;
    return [[null, await client.call(String(name), ...values)]];
  }

  return (command, patient) =>
    new Promise((resolve, reject) => {
      waiting.push({ command, resolve, reject });
      if (patient) {
        setImmediate(flush);
      } else if (!flushing) {
        flushing = true;
        process.nextTick(flush);
      }
    });
}

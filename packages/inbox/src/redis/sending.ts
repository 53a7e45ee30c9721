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
  exec(): Promise<readonly [error: Error | null, reply: unknown][] | null>;
}

/**
 * Makes the function that sends commands, those of one turn of the event loop in one go: a Redis that is set to keep what
 * it is told writes to its disk once for all that it reads at once.
 *
 * @returns a function of a command; a patient one waits until the end of the turn for others to go with
 */
export function createSender(client: RedisSender): (command: readonly Value[], patient: boolean) => Promise<unknown> {
  let waiting: Waiting[] = [];
  let flushing = false;

  function flush(): void {
    flushing = false;
    const sent = waiting;
    waiting = [];
    const [first] = sent;
    if (first === undefined) return;
    if (sent.length === 1) {
      const [name = '', ...values] = first.command;
      client.call(String(name), ...values).then(first.resolve, first.reject);
      return;
    }
    client
      .pipeline(sent.map(({ command }) => [...command]))
      .exec()
      .then(
        (replies) => {
          for (const [index, { resolve, reject }] of sent.entries()) {
            const [error, reply] = replies?.[index] ?? [new Error('Redis gave no reply.'), undefined];
            if (error === null) resolve(reply);
            else reject(error);
          }
        },
        (error: unknown) => {
          for (const { reject } of sent) reject(error);
        },
      );
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

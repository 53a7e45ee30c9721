import { EventEmitter } from 'node:events';

/** A script of BullMQ, with what it is to be run with. */
export class Step {
  /** Steps of one kind have the same script, with as many keys and arguments. */
  readonly kind: string;
  readonly script: string;
  readonly keys: readonly Value[];
  readonly args: readonly Value[];

  constructor(name: string, script: string, keys: readonly Value[], args: readonly Value[]) {
    this.kind = `${name} ${args.length}`;
    this.script = script;
    this.keys = keys;
    this.args = args;
  }
}

/** What Redis takes as a key or an argument. */
export type Value = string | number | Buffer;

/**
 * What BullMQ takes for a client of Redis. It sends nothing, and so needs no connection: what BullMQ would run is what
 * its promises reject with, and the inbox runs many such steps at once.
 */
export interface Recorder extends EventEmitter {
  readonly status: 'ready';
  readonly isCluster: false;
  readonly options: Readonly<Record<string, never>>;
  defineCommand(name: string, definition: { readonly numberOfKeys: number; readonly lua: string }): void;
  runCommand(name: string, values: readonly unknown[]): Promise<never>;
}

export function createRecorder(): Recorder {
  const scripts = new Map<string, { readonly numberOfKeys: number; readonly lua: string }>();
  const unused = () => {
    throw new TypeError('a recorder sends nothing');
  };
  return Object.assign(new EventEmitter(), {
    status: 'ready' as const,
    isCluster: false as const,
    options: {},
    defineCommand: (name: string, definition: { readonly numberOfKeys: number; readonly lua: string }) => {
      scripts.set(name, definition);
    },
    runCommand(name: string, values: readonly unknown[]): Promise<never> {
      const script = scripts.get(name);
      if (script === undefined) throw new TypeError(`BullMQ did not define ${name}`);
      const all = values.map(givenAs);
      return Promise.reject(
        new Step(name, script.lua, all.slice(0, script.numberOfKeys), all.slice(script.numberOfKeys)),
      );
    },
    // What makes something a client in BullMQ's eyes.
    ...Object.fromEntries(
      ['pipeline', 'multi', 'duplicate', 'scanStream', 'connect', 'disconnect'].map((name) => [name, unused]),
    ),
  });
}

/** The step that BullMQ would have taken. */
export async function stepOf(asked: Promise<unknown>): Promise<Step> {
  try {
    await asked;
  } catch (thrown) {
    if (thrown instanceof Step) return thrown;
    throw thrown;
  }
  throw new TypeError('BullMQ took a step that is no script');
}

function givenAs(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  return value === undefined || value === null ? '' : String(value);
}

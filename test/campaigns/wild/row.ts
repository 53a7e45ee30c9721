import type { Listening } from '../runtimes/process.ts';
import type { newDelivery, ProviderName, send } from './wire.ts';

/** A receiver in an app. */
export interface Receiver {
  /** What its handlers call it, in the lines that they write; it tells how it stands in the app. */
  readonly name: string;
  readonly provider: ProviderName;
  /** Where deliveries go. */
  readonly path: string;
  /** Whether the app answers a GET of that path, with `the app’s own`. */
  readonly ownGet?: true;
}

/** Something that must be so. */
export type Check = readonly [title: string, run: () => Promise<void>];

/** What stands around a receiver, and how it is tried. */
interface Surroundings {
  /** What stands around the receiver, for the table; with `situation` it names the row. */
  readonly around: string;
  /** The folder of `situations` with what the app needs. */
  readonly situation: string;
  /** The packages whose versions the table tells. */
  readonly versions: readonly string[];
  /** Environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Commands that run before it, one after the other, such as a build. */
  readonly prepare?: readonly Command[];
  /** Seconds in which all of it must end; 60 by default. */
  readonly seconds?: number;
  /** Whether it belongs to the sample that runs without `--all`. */
  readonly sample?: true;
}

/** A program of the situation's own `.bin` or of the machine, with its arguments; it runs in the situation's folder. */
type Command = readonly [program: string, ...args: string[]];

/**
 * An app that is served. It writes `{"port":…}` on a line once it listens on loopback, and each of its handlers
 * `{"handled":"<receiver>","body":"<SHA-256 in hex>"}`: `apps/told.cjs` does both.
 */
export interface ServedRow extends Surroundings {
  readonly start: Command;
  readonly receivers: readonly Receiver[];
  /** Further checks of the running app. */
  readonly checks?: (app: Listening, by: Tools) => readonly Check[];
}

/** What further checks are made with. */
interface Tools {
  readonly newDelivery: typeof newDelivery;
  readonly send: typeof send;
}

/** A program that checks by itself, such as a compiler or a test runner: it must end with 0. */
interface ProgramRow extends Surroundings {
  readonly run: Command;
}

export type Row = ServedRow | ProgramRow;

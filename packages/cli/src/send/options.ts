import type { WebhookError } from '@hookproof/core';
import type { Faults, SimulatorOptions } from '@hookproof/testing/simulator';
import { inWordsOf, type Names, usage } from '../failure.ts';

/** What `hookproof send` was told. */
export interface SendOptions {
  readonly url?: string | undefined;
  readonly secret?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly data?: string | undefined;
  readonly file?: string | undefined;
  readonly count?: number | undefined;
  readonly rate?: number | undefined;
  readonly concurrency: number;
  readonly order?: 'given' | 'reversed' | 'shuffled' | undefined;
  readonly retries: 'real' | 'fast' | 'none';
  readonly timeout?: number | undefined;
  readonly copies?: number | undefined;
  readonly wrongSecret?: true | undefined;
  readonly withoutSignature?: true | undefined;
  readonly tamper?: Faults['tamper'];
  readonly signedAgo?: number | undefined;
  readonly slowBody?: number | undefined;
  readonly cutBody?: true | undefined;
  readonly faultyAttempts?: number | undefined;
  readonly expect?: number | undefined;
  readonly quiet?: true | undefined;
}

/** How many times faster than the provider `--retries fast` tries again. */
export const fast = 1_000;

/** What is other than usual, as the simulator calls it. */
export function behaviourOf(options: SendOptions): Pick<SimulatorOptions, 'speed' | 'behaviour' | 'faults'> {
  const { retries, timeout } = options;
  return {
    speed: retries === 'fast' ? fast : 1,
    behaviour: {
      ...(timeout === undefined ? {} : { timeoutMs: timeout * 1_000 }),
      ...(retries === 'none' ? { delaysMs: [], restartsMs: [] } : {}),
    },
    faults: {
      copies: options.copies,
      wrongSecret: options.wrongSecret,
      withoutSignature: options.withoutSignature,
      tamper: options.tamper,
      signedSecondsAgo: options.signedAgo,
      slowBodyMs: options.slowBody,
      cutBody: options.cutBody,
      firstAttempts: options.faultyAttempts,
    },
  };
}

const names: Names = [
  [/\bfaults\.signedSecondsAgo\b/g, '--signed-ago'],
  [/\bfaults\.wrongSecret\b/g, '--wrong-secret'],
  [/\bfaults\.withoutSignature\b/g, '--without-signature'],
  [/\bfaults\.tamper: '/g, "--tamper '"],
  [/\bfaults\.tamper\b/g, '--tamper'],
  [/\bbehaviour\.timeoutMs\b/g, '--timeout'],
  [/\bratePerSecond\b/g, '--rate'],
  [/\bThe option secret\b/g, 'The secret'],
];

/** A mistake in an option, under the name that it has on the command line. */
export function asOptions(error: WebhookError): Error {
  return error.code === 'invalid_options' ? usage(inWordsOf(names, error.message)) : error;
}

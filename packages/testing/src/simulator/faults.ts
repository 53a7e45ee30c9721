import type { Provider } from '@hookproof/core';
import { checkNames, invalid, type OptionNames } from '@hookproof/core/strict';
import { checkNumber } from './check.ts';

/**
 * What goes wrong on the way, on purpose. Faults can be combined; those that a provider's scheme has no place for are
 * refused.
 */
export interface Faults {
  /**
   * How many times each attempt is sent at the same time, byte for byte the same; 1 by default, at most 100. The
   * attempt counts as delivered when one of the copies does.
   */
  readonly copies?: number | undefined;
  /** Signs with a random secret. */
  readonly wrongSecret?: boolean | undefined;
  /** Alters a part after it was signed: one bit of the body, one character of the others. */
  readonly tamper?: 'body' | 'signature' | 'timestamp' | 'id' | undefined;
  /** Leaves out every signature header. */
  readonly withoutSignature?: boolean | undefined;
  /** Signs with a time that lies so many seconds back, as in a replay; below 0 for a time to come. */
  readonly signedSecondsAgo?: number | undefined;
  /** Milliseconds over which the body trickles in, in up to 20 pieces; 0 by default. */
  readonly slowBodyMs?: number | undefined;
  /** Ends the connection in the middle of the body. */
  readonly cutBody?: boolean | undefined;
  /** Only the first so many attempts have the faults, so that a retry succeeds; all by default. */
  readonly firstAttempts?: number | undefined;
}

const names: OptionNames<Faults> = {
  copies: true,
  wrongSecret: true,
  tamper: true,
  withoutSignature: true,
  signedSecondsAgo: true,
  slowBodyMs: true,
  cutBody: true,
  firstAttempts: true,
};

/** Checks faults against the provider's schemes; throws `invalid_options` with the fault's name. */
export function checkFaults(given: Faults | undefined, provider: Provider): Faults | undefined {
  if (given === undefined) return undefined;
  const faults = checkNames<Faults>('faults', given, names);
  const { tamper, copies, signedSecondsAgo, slowBodyMs, firstAttempts } = faults;
  for (const name of ['wrongSecret', 'withoutSignature', 'cutBody'] as const) {
    if (typeof (faults[name] ?? false) !== 'boolean') throw invalid(`faults.${name} must be true or false`);
  }
  checkNumber('faults.copies', copies, { from: 1, to: 100, whole: true });
  checkNumber('faults.signedSecondsAgo', signedSecondsAgo, { from: -1e9, to: 1e9, whole: true });
  checkNumber('faults.slowBodyMs', slowBodyMs, { from: 0, to: 600_000 });
  checkNumber('faults.firstAttempts', firstAttempts, { from: 1, to: 1_000, whole: true });
  if (!['body', 'signature', 'timestamp', 'id', undefined].includes(tamper)) {
    throw invalid(`faults.tamper must be 'body', 'signature', 'timestamp' or 'id'`);
  }
  const schemes = [...provider.signature, ...provider.notAccepted];
  const signs = (part: 'timestamp' | 'id') => schemes.some((scheme) => scheme[part] !== undefined);
  if ((tamper === 'timestamp' || tamper === 'id') && !signs(tamper)) {
    throw invalid(`faults.tamper cannot be '${tamper}': ${provider.name} signs none`);
  }
  if (signedSecondsAgo !== undefined && !signs('timestamp')) {
    throw invalid(`faults.signedSecondsAgo has no place: ${provider.name} signs no time`);
  }
  if (faults.withoutSignature && (faults.wrongSecret || tamper === 'signature')) {
    const other = faults.wrongSecret ? 'faults.wrongSecret' : `faults.tamper: 'signature'`;
    throw invalid(`faults.withoutSignature leaves nothing for ${other}: give one of them`);
  }
  return faults;
}

/** The faults of one attempt, counted from 1. */
export function faultsOf(faults: Faults | undefined, attempt: number): Faults | undefined {
  return attempt <= (faults?.firstAttempts ?? Number.POSITIVE_INFINITY) ? faults : undefined;
}

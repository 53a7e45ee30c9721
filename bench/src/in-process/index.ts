import type { Comparison } from '../cpu/compare.ts';
import type { SubjectName } from '../cpu/subjects.ts';
import { type SchemeName, schemes } from '../deliveries.ts';
import { type Target, targets } from '../targets.ts';

/** What to measure. */
export interface InProcessPlan {
  /** Bodies above 250 bytes. */
  readonly larger: readonly number[];
  /** Whether what every scheme does alike is measured with each of them, or with one. */
  readonly eachScheme: boolean;
}

const names = Object.keys(schemes) as SchemeName[];

/** Everything that needs no network. */
export function inProcess({ larger, eachScheme }: InProcessPlan): readonly Comparison[] {
  const some = eachScheme ? names : names.slice(0, 1);
  const upTo100KiB = [250, ...larger].filter((bytes) => bytes <= 102_400);
  const variant = (name: 'dedupe' | 'async handler' | 'secret function', target: Target) =>
    some.map((scheme) => besideHand(`${scheme}, ${name}`, name, scheme, 250, target));
  return [
    { ...besideHand('the same code twice', 'twice', 'grantex v1', 250), ours: 'hand-written' },
    ...names.map((scheme) => besideHand(scheme, 'receive', scheme, 250, targets.receive[scheme])),
    ...variant('dedupe', targets.dedupe),
    ...variant('async handler', targets.asyncHandler),
    ...variant('secret function', targets.secretFunction),
    besideOurselves('200 handlers', '1 handler', 'many handlers', targets.manyHandlers),
    besideOurselves('3 secrets, the first fits', '1 secret', 'many secrets', targets.manySecrets),
    besideOurselves('onOutcome', 'without', 'reports'),
    ...larger.flatMap((bytes) =>
      names.map((scheme) => besideHand(scheme, 'receive', scheme, bytes, targets.largeBody)),
    ),
    ...upTo100KiB.map((bytes) => besideHand('grantex v2, fetch', 'fetch', 'grantex v2', bytes)),
    ...upTo100KiB.map(onWebCrypto),
  ];
}

function besideHand(
  what: string,
  subject: SubjectName,
  scheme: SchemeName,
  bytes: number,
  target?: Target,
): Comparison {
  return { what, ours: 'hookproof', base: 'hand-written', subject, scheme, bytes, target };
}

function besideOurselves(ours: string, base: string, subject: SubjectName, target?: Target): Comparison {
  return { what: ours, ours: 'hookproof', base: `hookproof, ${base}`, subject, bytes: 250, target };
}

/** `receive` as on a runtime without `node:crypto`, beside `receive` with it. */
function onWebCrypto(bytes: number): Comparison {
  const first = new URL('./web-crypto.js', import.meta.url);
  return {
    ...{ what: 'grantex v2, WebCrypto', ours: 'hookproof', base: 'hookproof, node:crypto', bytes },
    ...{ subject: 'on WebCrypto', apart: { base: 'receive', first } },
  };
}

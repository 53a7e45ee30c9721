import type { Comparison } from '../cpu/compare.ts';
import type { SubjectName } from '../cpu/subjects.ts';
import { type Target, targets } from '../targets.ts';

export const forgeries: readonly Comparison[] = [
  forgery('another secret', 'mismatch', 250, targets.mismatch),
  forgery('another secret', 'mismatch', 102_400, targets.mismatchLargeBody),
  forgery('no signature', 'missing', 250, targets.noSignature),
  forgery('malformed signature', 'malformed', 250, targets.noSignature),
];

function forgery(what: string, subject: SubjectName, bytes: number, target: Target): Comparison {
  return { what, ours: 'hookproof refuses it', base: 'one HMAC', subject, bytes, target };
}

import { createHmac } from 'node:crypto';
import type { OutcomeReport, Secret } from '@hookproof/core';
import { describe, expect, it, test } from 'vitest';
import type { Outcome } from '../../../packages/core/src/handling/progress.ts';
import { replyFor } from '../../../packages/core/src/report/reply.ts';
import { body } from './body.ts';
import { bounds } from './bounds.ts';
import { allCauses } from './causes.ts';
import { bodyConsumed } from './consumed.ts';
import { ended } from './ended.ts';
import { malformed } from './malformed.ts';
import { missing } from './missing.ts';
import type { Scene } from './mistake.ts';
import { play } from './play.ts';
import { secret } from './secret.ts';
import { time } from './time.ts';

const groups = { missing, malformed, time, secret, body, bodyConsumed, bounds, ended };

describe.each(Object.entries(groups))('%s', (_name, mistakes) => {
  it.each(mistakes)('$cause: $what', async ({ cause, explains, fix, evidence, scene, corrected }) => {
    const setting = await scene();
    const { reply, report } = await play(setting);
    const diagnosis = await report.diagnose?.();

    expect(diagnosis?.cause).toBe(cause);
    expect(diagnosis?.evidence).toEqual(evidence);
    expect(diagnosis?.explanation).toMatch(explains);
    expect(diagnosis?.fix).toMatch(fix);
    expect(`${diagnosis?.explanation} ${diagnosis?.fix}`).not.toMatch(/\{\w+\}|\bunknown\b|\bundefined\b|NaN|\[object/);
    expect(given(setting).filter((part) => JSON.stringify(diagnosis).includes(part))).toEqual([]);
    // Who hung up in the middle gets no reply.
    if (cause === 'body_incomplete') expect(reply).toBeUndefined();
    else {
      const { status, headers, body } = replyFor(outcomeOf(report));
      expect(reply).toEqual({ status, contentType: headers['content-type'], body });
    }
    if (corrected === undefined) return;
    const again = await play({ ...setting, ...(await corrected(setting)) });
    expect([again.report.outcome, again.reply?.status]).toEqual(['handled', 200]);
  });
});

/** The outcome of what was answered. */
function outcomeOf({ outcome }: OutcomeReport): Outcome {
  if (outcome === 'retried' || outcome === 'dead') throw new Error('an attempt of the inbox has no reply');
  return outcome;
}

/** Pieces of the secrets, the body and the signatures, and of what the signatures should have been. */
function given({ options, sent, provider }: Scene): readonly string[] {
  const { secret } = options;
  const isOne = typeof secret === 'string' || secret instanceof Uint8Array;
  const secrets: readonly Secret[] = typeof secret === 'function' ? [] : isOne ? [secret] : secret;
  const macs = secrets.flatMap((one) => {
    const mac = createHmac('sha256', one).update(sent.body).digest();
    return [mac.toString('hex'), mac.toString('base64')];
  });
  const signatures = provider.signature.flatMap(({ headers }) =>
    headers.map((name) => String(sent.headers[name] ?? '')),
  );
  const texts = [
    ...secrets.map((one) => Buffer.from(one).toString('latin1')),
    ...macs,
    ...signatures,
    Buffer.from(sent.body).toString(),
  ];
  return texts
    .flatMap((text) => Array.from({ length: Math.floor(text.length / 8) }, (_, at) => text.slice(at * 8, at * 8 + 16)))
    .filter((part) => part.length > 11);
}

test('every cause is found by one of these', () => {
  const found = new Set(Object.values(groups).flatMap((mistakes) => mistakes.map(({ cause }) => cause)));
  expect([...found].sort()).toEqual([...allCauses].sort());
});

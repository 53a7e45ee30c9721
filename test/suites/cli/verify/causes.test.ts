import { fileURLToPath } from 'node:url';
import type { DiagnosisCause, Secret } from '@hookproof/core';
import { describe, expect, it, test } from 'vitest';
import { body } from '../../diagnosis/body.ts';
import { bounds } from '../../diagnosis/bounds.ts';
import { allCauses } from '../../diagnosis/causes.ts';
import { bodyConsumed } from '../../diagnosis/consumed.ts';
import { ended } from '../../diagnosis/ended.ts';
import { malformed } from '../../diagnosis/malformed.ts';
import { missing } from '../../diagnosis/missing.ts';
import type { Mistake, Scene } from '../../diagnosis/mistake.ts';
import { secret } from '../../diagnosis/secret.ts';
import { time } from '../../diagnosis/time.ts';
import { hookproof } from '../hookproof.ts';
import { fileOf, forms } from './captures.ts';
import { type Recorded, record } from './record.ts';

const all = [missing, malformed, time, secret, body, bodyConsumed, bounds, ended].flat();

/** Causes that no capture of a request can show, because they come from inside of an app. */
const inside = {
  other_provider_fits: 'needs a second receiver in the process',
  other_secret_fits: 'needs a second receiver in the process',
  secret_absent: 'the app has the secret function',
  too_many_diagnoses: 'needs a receiver that gets more than one request',
  stale_event: 'the app says how old an event may be',
  body_timeout: 'a capture does not tell how slowly it came',
  body_consumed: 'an earlier middleware of the app has the bytes',
  handler_failed: 'the app has the handlers',
  handler_timeout: 'the app has the handlers',
  secret_unavailable: 'the app has the secret function',
  claims_unavailable: 'the app has the claims store',
  inbox_unavailable: 'the app has the inbox',
} satisfies Partial<Record<DiagnosisCause, string>>;

const isInside = ({ cause }: Mistake) => Object.hasOwn(inside, cause);

/** A secret comes from a variable or a file, and so as text. */
const bytesAsSecret = [
  'a secret of Standard Webhooks given as the bytes of its text',
  'an app that decodes a secret which is meant as a text',
];

/** A middleware of the app has changed the body after it was measured: it is only in what the app kept. */
const changedInApp: Readonly<Record<string, (body: string) => string>> = {
  'a platform that keeps the bytes only after it has masked some': (body) => body.replace('grnt_1', '***'),
  'an app that takes the first piece of the body for all of it': (body) => body.slice(0, 64),
};
const isChangedInApp = ({ what }: Mistake) => Object.hasOwn(changedInApp, what);

const shown = all.filter(
  (mistake) => !isInside(mistake) && !isChangedInApp(mistake) && !bytesAsSecret.includes(mistake.what),
);

/** What only a capture from the wire has: where the body should have ended. Options tell no method either. */
const lacks: Readonly<Record<string, readonly DiagnosisCause[]>> = {
  HAR: ['body_incomplete'],
  '--header and --body-file': ['body_incomplete', 'method_not_allowed'],
};

describe.each(Object.entries(forms))('as %s', (form, argumentsOf) => {
  const mistakes = shown.filter(({ cause }) => !lacks[form]?.includes(cause));

  it.each(mistakes)('$cause: $what', async (mistake) => {
    const scene = await mistake.scene();
    const recorded = await record(scene);
    await expectSame(mistake, scene, recorded, argumentsOf(recorded));
  });
});

it.each(all.filter(isChangedInApp))('$cause: $what', async (mistake) => {
  const scene = await mistake.scene();
  const recorded = await record(scene);
  const kept = changedInApp[mistake.what]?.(recorded.body.toString()) ?? '';
  await expectSame(mistake, scene, recorded, [...forms['raw HTTP'](recorded), '--body-file', fileOf(kept)]);
});

async function expectSame(
  { cause, explains, fix, evidence }: Mistake,
  scene: Scene,
  recorded: Recorded,
  capture: readonly string[],
): Promise<void> {
  const { env, options } = await settingOf(scene);
  const argv = ['verify', ...providerIn(scene), ...options, ...capture];
  const json = await hookproof([...argv, '--json'], { env });
  const text = await hookproof(argv, { env });

  expect(json.stderr).toBe('');
  const { diagnosis, status } = JSON.parse(json.stdout);
  expect(diagnosis.cause).toBe(cause);
  expect(diagnosis.evidence).toEqual(evidence);
  expect(diagnosis.explanation).toMatch(explains);
  expect(diagnosis.fix).toMatch(fix);
  expect([json.code, text.code]).toEqual([1, 1]);
  expect(text.stdout).toMatch(/^Refused/);
  expect(text.stdout).toContain(`${status} `);
  expect(text.stdout).toContain(`because of ${cause}\n`);
  const said = json.stdout + text.stdout + text.stderr;
  expect(valuesOf(await secretsOf(scene), recorded).filter((value) => said.includes(value))).toEqual([]);
}

/** The configuration of a scene, as options and environment. */
async function settingOf(scene: Scene) {
  const { now, toleranceSeconds, maxBodyBytes } = scene.options;
  const secrets = await secretsOf(scene);
  const [only, ...others] = secrets;
  // Of a file the last line break is left out.
  const files = others.length === 0 ? [] : secrets.flatMap((one) => ['--secret-file', fileOf(`${one}\n`)]);
  return {
    env: { HOOKPROOF_SECRET: only ?? '', NODE_ENV: 'development' },
    options: [
      ...files,
      ...(now === undefined ? [] : ['--at', new Date(now()).toISOString()]),
      ...(toleranceSeconds === undefined ? [] : ['--tolerance', String(toleranceSeconds)]),
      ...(maxBodyBytes === undefined ? [] : ['--max-body-bytes', String(maxBodyBytes)]),
    ],
  };
}

async function secretsOf({ options: { secret } }: Scene): Promise<readonly string[]> {
  const returned = typeof secret === 'function' ? await secret(undefined) : secret;
  const given = typeof returned === 'object' && 'secrets' in returned ? returned.secrets : returned;
  const list: readonly Secret[] = typeof given === 'string' || given instanceof Uint8Array ? [given] : given;
  return list.map((one) => Buffer.from(one).toString());
}

const acme = fileURLToPath(new URL('./acme.ts', import.meta.url));
const takenApart = fileURLToPath(new URL('./taken-apart.ts', import.meta.url));

function providerIn({ provider }: Scene): readonly string[] {
  if (provider.name === 'acme') return [acme];
  if (Object.getOwnPropertyDescriptor(provider, 'notAccepted')?.get !== undefined) return [takenApart];
  if (provider.name !== 'grantex') return [provider.name];
  const [first, second] = provider.signature.map(({ headers }) => headers[0]);
  const signature = second !== undefined ? 'auto' : first === 'x-grantex-signature' ? 'v1' : 'v2';
  return [provider.name, '--signature', signature];
}

/** What must never be printed. */
function valuesOf(secrets: readonly string[], { headers, body }: Recorded): readonly string[] {
  const signatures = headers.filter(([name]) => /signature/i.test(name)).map(([, value]) => value);
  return [...secrets.map((one) => one.trim()), ...signatures, body.toString()].filter((value) => value.length > 16);
}

test('every cause is shown here, or comes from inside of an app', () => {
  const causes = new Set(
    all.filter((mistake) => shown.includes(mistake) || isChangedInApp(mistake)).map(({ cause }) => cause),
  );
  expect([...causes, ...Object.keys(inside)].sort()).toEqual([...allCauses].sort());
  expect(all.map(({ what }) => what)).toEqual(expect.arrayContaining([...bytesAsSecret, ...Object.keys(changedInApp)]));
});

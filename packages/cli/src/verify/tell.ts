import type { Diagnosis } from '@hookproof/core';
import { printable, type Report } from '../terminal.ts';
import type { Claimed } from './claimed.ts';
import type { Verdict } from './judge.ts';
import type { NamedSecret } from './secrets.ts';

const page = 'https://github.com/hookproof/hookproof/blob/main/docs/diagnosis.md#causes';

/** A verdict, and what is known beside it. */
export interface Told {
  readonly verdict: Verdict;
  readonly claimed: Claimed | undefined;
  readonly secrets: readonly NamedSecret[];
  readonly notes: readonly string[];
  /** Whether the user said when the request arrived. */
  readonly isTimed: boolean;
}

/** Says what was found out: to a reader, or with `--json` as one object. */
export async function tellVerdict(told: Told, report: Report): Promise<void> {
  const notes = [...told.notes, ...hintsOf(told)].map(printable);
  await report.record(recordOf(told, notes));
  const { diagnosis } = told.verdict;
  if (diagnosis === undefined) await sayAccepted(told, report);
  else await sayRefused(told.verdict, diagnosis, report);
  for (const note of notes) await report.say(`Note: ${note}`);
}

function recordOf({ verdict, claimed, secrets }: Told, notes: readonly string[]): object {
  const { report, event, diagnosis, isGenuine } = verdict;
  const { outcome, status, provider, type, id, key, secretIndex } = report;
  return {
    outcome,
    status,
    isGenuine,
    provider,
    type,
    id,
    key,
    timestamp: event?.timestamp,
    signatureHeader: claimed?.header,
    signedAt: timeOf(claimed?.signedAt),
    secretIndex,
    secretFrom: secretIndex === undefined ? undefined : secrets[secretIndex]?.from,
    diagnosis,
    notes,
  };
}

async function sayAccepted({ verdict, claimed, secrets }: Told, report: Report): Promise<void> {
  const { green } = report.colours;
  const { provider, type, id, key, outcome, status, secretIndex = 0 } = verdict.report;
  await report.say(`${green('Genuine')}: ${provider} signed this request, and a receiver takes it.`);
  const facts: readonly (readonly [name: string, value: string | undefined])[] = [
    ['type', type],
    ['id', id],
    ['key', key],
    ['timestamp', timeOf(verdict.event?.timestamp?.getTime())],
    ['signature', claimed?.header],
    ['signed at', timeOf(claimed?.signedAt)],
    ['secret', `${secretIndex + 1} of ${secrets.length} (${secrets[secretIndex]?.from})`],
    ['reply', `${status} ${outcome}, where a handler wants this type`],
  ];
  for (const [name, value] of facts) {
    if (value !== undefined) await report.say(`  ${name.padEnd(10)} ${printable(value)}`);
  }
}

async function sayRefused(verdict: Verdict, diagnosis: Diagnosis, report: Report): Promise<void> {
  const { red, bold } = report.colours;
  const { provider, status, outcome } = verdict.report;
  const { cause, explanation, fix, evidence } = diagnosis;
  const genuine = verdict.isGenuine ? `: ${provider} signed this request, but a receiver refuses it` : '';
  await report.say(`${red('Refused')}${genuine}: ${status} ${outcome}, because of ${bold(cause)}`);
  await report.say(`  ${printable(explanation)}`);
  if (fix !== '') await report.say(`  Fix: ${printable(fix)}`);
  const facts = Object.entries(evidence).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  if (facts.length > 0) await report.say(`  Evidence: ${printable(facts.join(', '))}`);
  await report.say(`  More: ${page}, ${cause}`);
}

/** What follows from the verdict for somebody who holds a capture and not a running app. */
function hintsOf({ verdict, secrets, isTimed }: Told): readonly string[] {
  const hints: string[] = [];
  const { cause, evidence } = verdict.diagnosis ?? {};
  const { secretIndex } = verdict.report;
  if (secretIndex !== undefined && secretIndex > 0) {
    hints.push('An older secret of the list fits: the sender has not changed over to the first yet.');
  }
  if (verdict.report.outcome === 'stale_delivery' && !isTimed) {
    const age = cause === 'timestamp_future' ? 'in the future' : 'old';
    hints.push(
      `The signature is genuine. The request is ${durationOf(Number(evidence?.['seconds']))} ${age}, and a receiver takes ` +
        `${evidence?.['toleranceSeconds']} s. If you captured it in time, check it as of then: --at signed`,
    );
  }
  const option = String(evidence?.['option'] ?? '');
  const named = secrets.find((_secret, index) => option === (secrets.length === 1 ? 'secret' : `secret[${index}]`));
  if (named !== undefined) hints.push(`The option ${option} is what ${named.from} holds.`);
  if (cause === 'signature_absent' || cause === 'signature_incomplete') {
    hints.push(
      'A capture shows only what its tool kept; some leave out headers. If the sender did send it, give it: --header.',
    );
  }
  if (cause === 'body_final_newline') {
    hints.push(
      'If your editor or shell wrote that line break into the capture, or left it out, the request itself is fine.',
    );
  }
  return hints;
}

function timeOf(milliseconds: number | undefined): string | undefined {
  const date = new Date(milliseconds ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Seconds in the unit that a person would choose. */
function durationOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

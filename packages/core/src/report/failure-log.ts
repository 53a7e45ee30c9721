import { isDevelopment } from '../development.ts';
import type { Diagnosis } from '../diagnosis/diagnosis.ts';
import type { WebhookError } from '../error.ts';
import { errorText, printable } from '../printable.ts';
import type { OnOutcome, OutcomeReport } from './outcome.ts';

/**
 * What is done with reports where nobody gave `onOutcome`: what the server's operator has to correct is logged; what
 * senders did is diagnosed and logged in development alone, once per cause, because there a wrong secret is the
 * operator's too, and so is, once per type, that no handler wants an event.
 */
export function failureLog(): OnOutcome {
  const told = new Set<string>();
  const explain = async (report: OutcomeReport) => {
    const diagnosis = await report.diagnose?.();
    if (diagnosis === undefined || told.has(diagnosis.cause)) return;
    told.add(diagnosis.cause);
    console.warn(linesOf(report, diagnosis));
  };
  return (report) => {
    const { status, error } = report;
    if (error === undefined) return isDevelopment() ? sayIgnored(report, told) : undefined;
    // The attempt at it will say so.
    if (report.outcome === 'stored' && error.code === 'invalid_event') return undefined;
    if (status === undefined) return logFailure(`${attemptOf(report)}: `, error);
    const ours = status >= 500 || status < 300;
    if (ours && (error.code !== 'body_consumed' || !isDevelopment())) return logFailure('', error);
    return isDevelopment() ? explain(report) : undefined;
  };
}

function sayIgnored({ outcome, provider, type }: OutcomeReport, told: Set<string>): void {
  const about = `ignored ${type}`;
  if (outcome !== 'ignored' || told.has(about) || told.size >= maxTold) return;
  told.add(about);
  const lines = [
    `hookproof: ${provider}: 200 ignored: no handler of this receiver wants ${type}`,
    `  A second receiver of ${provider} on the same path gets nothing: give all handlers to one.`,
    '  (Said once per type, in development alone; give onOutcome to see every delivery.)',
  ];
  console.warn(lines.map((line) => printable(line)).join('\n'));
}

/** Types come from outside. */
const maxTold = 256;

/** What is logged is a second argument: the first is a format, in which a text from outside could have signs. */
function logFailure(of: string, error: WebhookError): void {
  console.error('hookproof:', printable(of) + errorText(error));
}

function attemptOf({ provider, type, inboxId, attempt, outcome }: OutcomeReport): string {
  return `${provider}: ${outcome} after attempt ${attempt} at delivery ${inboxId} (${type ?? 'no event'})`;
}

/** A diagnosis as a few lines for a terminal. */
function linesOf({ provider, status, outcome }: OutcomeReport, diagnosis: Diagnosis): string {
  const { cause, explanation, fix, evidence } = diagnosis;
  const facts = Object.entries(evidence).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [
    `hookproof: ${provider}: ${status} ${outcome}, because of ${cause}`,
    `  ${explanation}`,
    `  Fix: ${fix}`,
    ...(facts.length === 0 ? [] : [`  Evidence: ${facts.join(', ')}`]),
    '  (Said once per cause, in development alone; give onOutcome to see every delivery.)',
  ]
    .map((line) => printable(line))
    .join('\n');
}

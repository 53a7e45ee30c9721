import type { OnOutcome, OutcomeReport } from '@hookproof/core';
import type { Logger } from 'pino';

function levelOf({ outcome, status, error }: OutcomeReport): 'info' | 'warn' | 'error' {
  if (status === undefined) return error === undefined ? 'info' : 'error'; // an attempt of the inbox
  if (status >= 500) return 'error'; // yours to correct, and the provider will try again
  if (status < 300) return error === undefined ? 'info' : 'error'; // accepted, but something went wrong beside it
  return outcome === 'busy' ? 'info' : 'warn'; // what senders did
}

export function logTo(logger: Logger): OnOutcome {
  return async (report) => {
    const { outcome, status, provider, framework, type, id, inboxId, attempt, bodyBytes, durationMs, error } = report;
    const facts = { outcome, status, provider, framework, type, id, inboxId, attempt, bodyBytes, durationMs };
    const diagnosis = await report.diagnose?.();
    logger[levelOf(report)]({ ...facts, diagnosis, err: error?.cause }, error?.message ?? `webhook ${outcome}`);
  };
}

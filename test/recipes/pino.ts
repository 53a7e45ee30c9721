import type { OnOutcome, OutcomeReport } from '@hookproof/core';
import type { Logger } from 'pino';

function levelOf({ outcome, status, error }: OutcomeReport): 'info' | 'warn' | 'error' {
  if (status >= 500) return 'error'; // yours to mend, and the provider will try again
  if (status < 300) return error === undefined ? 'info' : 'error'; // handled, but it could not be recorded
  return outcome === 'busy' ? 'info' : 'warn'; // what senders did
}

export function logTo(logger: Logger): OnOutcome {
  return async (report) => {
    const { outcome, status, provider, framework, type, id, bodyBytes, durationMs, error } = report;
    const diagnosis = await report.diagnose?.();
    logger[levelOf(report)](
      { outcome, status, provider, framework, type, id, bodyBytes, durationMs, diagnosis, err: error?.cause },
      error?.message ?? `webhook ${outcome}`,
    );
  };
}

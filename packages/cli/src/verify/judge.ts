import {
  createReceiver,
  type Diagnosis,
  type DiagnosisCause,
  type OutcomeReport,
  type Provider,
  type WebhookEvent,
} from '@hookproof/core';
import type { CapturedRequest } from './captures/request.ts';

/** What a receiver makes of a request. */
export interface Verdict {
  readonly report: OutcomeReport;
  /** Undefined unless the request would be accepted. */
  readonly event: WebhookEvent | undefined;
  /** Undefined unless it is refused. */
  readonly diagnosis: Diagnosis | undefined;
  /** Whether the provider signed it with one of the secrets; it may be refused all the same. */
  readonly isGenuine: boolean;
  /** What whoever reads the verdict should know of how it was reached. */
  readonly notes: readonly string[];
}

/** How the receiver is set up. */
export interface Judging {
  readonly provider: Provider;
  readonly secrets: readonly string[];
  /** When the request arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly toleranceSeconds: number | undefined;
  readonly maxBodyBytes: number | undefined;
}

/** Causes that only say that the body is another; for a capture that ends early, that is what is wrong. */
const otherBody: readonly DiagnosisCause[] = ['body_empty', 'body_cut_off', 'content_length_mismatch', 'nothing_fits'];

/** Takes a request through a real receiver. */
export async function judge(request: CapturedRequest, judging: Judging): Promise<Verdict> {
  const body = request.body ?? new Uint8Array();
  if (request.counted !== undefined) {
    // A server reads so many bytes and no more; all that was captured can only explain.
    const asRead = await receive(request, body.subarray(0, request.counted), judging);
    if (asRead.diagnosis === undefined)
      return { ...asRead, notes: ['A server reads no more, and what it reads fits.'] };
    const whole = await receive(request, body, judging);
    if (whole.diagnosis !== undefined) return whole;
    return {
      ...asRead,
      notes: ['A server reads no more, though with all of it the signature fits: the length is wrong.'],
    };
  }
  const verdict = await receive(request, body, judging);
  const cause = verdict.diagnosis?.cause;
  if (!request.isCut || cause === undefined || !otherBody.includes(cause)) return verdict;
  return receive(request, () => Promise.reject(new Error('The capture ends here.')), judging);
}

type Body = Parameters<ReturnType<typeof createReceiver>['receive']>[0]['body'];

async function receive({ method, headers }: CapturedRequest, body: Body, judging: Judging): Promise<Verdict> {
  const { provider, secrets, at, toleranceSeconds, maxBodyBytes } = judging;
  let event: WebhookEvent | undefined;
  const report = await new Promise<OutcomeReport>((resolve) => {
    const receiver = createReceiver({
      provider,
      // One secret is called `secret` in an error, and not `secret[0]`.
      secret: secrets.length === 1 ? (secrets[0] ?? '') : secrets,
      on: {
        '*': (handled: WebhookEvent) => {
          event = handled;
        },
      },
      dedupe: false,
      now: () => at,
      toleranceSeconds,
      maxBodyBytes,
      onOutcome: resolve,
    });
    void receiver.receive({ method, headers, body });
  });
  const diagnosis = await report.diagnose?.();
  const isGenuine = report.secretIndex !== undefined || report.outcome === 'stale_delivery';
  return { report, event, diagnosis, isGenuine, notes: [] };
}

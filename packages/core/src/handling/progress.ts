import type { BodyInput } from '../bytes/body.ts';
import { type ArrivedHeaders, arrivedHeaders, type HeadersInput } from '../bytes/headers.ts';
import type { Refusal, RejectionCode, WebhookError } from '../error.ts';
import type { ProvenDelivery } from '../event/envelope.ts';
import type { WebhookEvent } from '../event/event.ts';
import type { Proof, Unproven } from '../proof/authenticate.ts';
import type { SentSignature } from '../proof/signature.ts';
import type { SigningSecrets } from '../proof/signing-secrets.ts';
import { type Awaitable, isThenable } from '../timing/awaitable.ts';
import type { Claim } from './claims.ts';

/** Keeps a runtime at work for a promise after the reply, such as `waitUntil` of Workers. */
export type WaitUntil = (promise: Promise<unknown>) => unknown;

/** One HTTP attempt, as an adapter hands it in. */
export interface DeliveryInput<Request> {
  /** HTTP method; `POST` by default. */
  readonly method?: string | undefined;
  readonly headers: HeadersInput;
  readonly body: BodyInput;
  /** The framework's own request or context, for the secret function and the handlers. */
  readonly request?: Request;
  /** When the delivery began to arrive, by `performance.now()`, where its body was read before; now by default. */
  readonly startedMs?: number | undefined;
  /**
   * Called with what `onOutcome` and `wrap` return, where that is a promise: `waitUntil` of Workers and the like, which
   * would end that work with the reply.
   */
  readonly waitUntil?: WaitUntil | undefined;
}

/** What became of a delivery that was accepted. */
export type AcceptedCode = 'handled' | 'stored' | 'duplicate' | 'ignored';

/** What became of a delivery; README's outcome table says when each occurs. */
export type Outcome = AcceptedCode | RejectionCode;

/** A claim that is held. */
export type TakenClaim = Claim & { readonly state: 'taken' };

/**
 * A delivery on its way, and what is known of it so far: every step adds what it found out. All fields are there from the
 * beginning, which keeps them fast.
 */
export class Progress<Request> implements Unproven<Request>, ProvenDelivery {
  readonly input: DeliveryInput<Request>;
  readonly request: Request;
  /** By `performance.now()`. */
  readonly startedMs: number;
  headers: ArrivedHeaders = noHeaders;
  body: Uint8Array = noBytes;
  /** Whether the body arrived whole. */
  isRead = false;
  sent: SentSignature | undefined = undefined;
  secrets: SigningSecrets | undefined = undefined;
  proof: Proof | undefined = undefined;
  deliveryId: string | undefined = undefined;
  event: WebhookEvent | undefined = undefined;
  /** Whose event it is, where that was said. */
  owner: string | undefined = undefined;
  key: string | undefined = undefined;
  claim: TakenClaim | undefined = undefined;
  inboxId: string | undefined = undefined;
  /** What went wrong although the delivery was accepted. */
  warning: WebhookError | undefined = undefined;

  constructor(input: DeliveryInput<Request>, startedMs: number) {
    this.input = input;
    this.startedMs = startedMs;
    // Whoever calls `receive` by hand without a request has handlers and a secret that do not want one.
    this.request = input?.request as Request;
  }
}

const noHeaders = arrivedHeaders(new Map());
const noBytes = new Uint8Array(0);

/** One step of a delivery's way. It ends the way with an outcome or a refusal, or throws what ends it; else it goes on. */
export type Step<Request> = (progress: Progress<Request>) => Awaitable<Outcome | Refusal | undefined>;

/** The way of a delivery: steps, and a last one that ends it in any case. */
export interface Way<Request> {
  readonly steps: readonly Step<Request>[];
  readonly last: (progress: Progress<Request>) => Awaitable<Outcome | Refusal>;
}

/** Takes the steps one after the other, at once as long as none of them waits. */
export function takeSteps<Request>(
  way: Way<Request>,
  progress: Progress<Request>,
  first = 0,
): Awaitable<Outcome | Refusal> {
  const { steps, last } = way;
  for (let index = first; index < steps.length; index++) {
    const end = steps[index]?.(progress);
    if (isThenable(end)) return end.then((reached) => reached ?? takeSteps(way, progress, index + 1));
    if (end !== undefined) return end;
  }
  return last(progress);
}

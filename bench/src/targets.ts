/** What the figures are wanted to be. No time passes or fails by it: a row only says whether it meets its own. */

/** The least that a ratio must be, and what is aimed at. Ratios are base / ours, so more is better. */
export interface Target {
  readonly must: number;
  readonly aim?: number;
}

const ordinary: Target = { must: 1, aim: 1.25 };

/** The same where it is said as what ours may cost by the base. */
function costingAtMost(must: number, aim?: number): Target {
  return aim === undefined ? { must: 1 / must } : { must: 1 / must, aim: 1 / aim };
}

export const targets = {
  /** `receive` at 250 B beside code written by hand. */
  receive: {
    'grantex v1': ordinary,
    'grantex v2': ordinary,
    // It signs no event id, so its key is a second hash.
    grantiva: { must: 0.85, aim: 1 },
    gravv: ordinary,
    'standard webhooks': ordinary,
  },
  dedupe: { must: 0.85, aim: 1 },
  asyncHandler: { must: 0.85, aim: 1 },
  secretFunction: { must: 0.8, aim: 1 },
  /** 10 KiB and above. */
  largeBody: { must: 0.97, aim: 1 },
  manyHandlers: costingAtMost(1.1, 1),
  manySecrets: costingAtMost(1.1, 1),
  /** Libraries at 250 B, each on its own provider's deliveries. */
  peers: {
    octokit: { must: 1.25, aim: 1.7 },
    stripe: { must: 1.05, aim: 1.8 },
    standardwebhooks: { must: 2.4, aim: 3.5 },
    svix: { must: 2.4, aim: 3.5 },
    tern: { must: 1.3, aim: 2 },
  },
  /** To refuse a forgery, beside one HMAC of its body. */
  mismatch: costingAtMost(2, 1.2),
  mismatchLargeBody: costingAtMost(1.1, 1.05),
  /** Missing or malformed: an HMAC is never made. */
  noSignature: costingAtMost(1),
  /** Requests per second of the server's processor time, at 250 B. */
  http: {
    express: { must: 1.3, aim: 1.4 },
    'node:http': { must: 1.05, aim: 1.15 },
    hono: { must: 1.07, aim: 1.2 },
    fastify: { must: 1, aim: 1.1 },
  },
  /** The same at 100 KiB. */
  httpLargeBody: { must: 0.96, aim: 1 },
  /** Calls of `accept` per second beside the least that stores the same bytes as durably. */
  accept: {
    postgres: { 'accept, 1 caller': { must: 0.6 }, 'accept, 64 callers': { must: 2 } },
    redis: { 'accept, 1 caller': { must: 0.5 }, 'accept, 64 callers': { must: 0.6 } },
  },
  /** Time per accept with random keys in an empty store by that in one of a million. */
  millionStored: costingAtMost(1.5),
  /** Events handled per second. */
  backlog: {
    /** Beside the bare engine: pg-boss, which is not ours any more, and BullMQ, which ours is made of. */
    bare: { sqlite: undefined, postgres: { must: 1.5 }, redis: { must: 0.6 } },
    /** Beside itself with the least backlog. */
    flat: { must: 0.9 },
    twoProcesses: { sqlite: undefined, postgres: { must: 1.3 }, redis: undefined },
    /** Beside what arithmetic allows. */
    slowHandlers: { must: 0.95 },
    /** Milliseconds until a handler begins in another process, by the middle one. */
    startMs: 15,
    start: { sqlite: undefined, postgres: { must: 1 }, redis: undefined },
  },
} as const;

/** Whether a figure is as good as it must be, and as it is aimed at. */
export interface Verdict {
  readonly must: boolean;
  readonly aim: boolean | undefined;
}

/** Judges a ratio at the two decimals that are printed. */
export function judge(ratio: number, { must, aim }: Target): Verdict {
  const meets = (wanted: number) => Math.round(ratio * 100) >= Math.round(wanted * 100);
  return { must: meets(must), aim: aim === undefined ? undefined : meets(aim) };
}

/** What a bundle must not exceed, in bytes (1 KB is 1,000), and what is aimed at. */
export interface Budget {
  readonly must: number;
  readonly aim: number;
}

/** Of a Worker with one provider. */
export const budgets = {
  minifiedBytes: { must: 90_000, aim: 60_000 },
  gzipBytes: { must: 30_000, aim: 20_000 },
} as const satisfies Record<string, Budget>;

export function judgeBytes(bytes: number, { must, aim }: Budget): Verdict {
  return { must: bytes <= must, aim: bytes <= aim };
}

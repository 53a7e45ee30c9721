/** What the figures are wanted to be. Nothing passes or fails by them: a row only says whether it meets its own. */

/** The least that a ratio must be, and what is aimed at. Ratios are base / ours, so more is better. */
export interface Target {
  readonly must: number;
  readonly aim?: number;
}

const ordinary: Target = { must: 1, aim: 1.25 };

/** The same where it is said as what ours may cost by the base. */
function costingAtMost(must: number, aim: number): Target {
  return { must: 1 / must, aim: 1 / aim };
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
  /** Requests per second of the server's processor time, at 250 B. */
  http: {
    express: { must: 1.3, aim: 1.4 },
    'node:http': { must: 1.05, aim: 1.15 },
    hono: { must: 1.07, aim: 1.2 },
    fastify: { must: 1, aim: 1.1 },
  },
  /** The same at 100 KiB. */
  httpLargeBody: { must: 0.96, aim: 1 },
} as const;

/** Whether a ratio is as good as wanted, at the two decimals that are printed. */
export function meets(ratio: number, wanted: number): boolean {
  return Math.round(ratio * 100) >= Math.round(wanted * 100);
}

import type { Comparison } from '../cpu/compare.ts';
import { targets } from '../targets.ts';

/** Each peer as its documentation has it, beside `receive` (with Tern `fetch`) of the same bytes. */
export const peers: readonly Comparison[] = [
  peer('GitHub', '@octokit/webhooks', 'octokit'),
  peer('Stripe', 'stripe', 'stripe'),
  peer('Standard Webhooks', 'standardwebhooks', 'standardwebhooks'),
  peer('Standard Webhooks', 'svix', 'svix'),
  peer('Stripe, a Request', '@hookflo/tern', 'tern'),
];

function peer(what: string, base: string, subject: keyof typeof targets.peers): Comparison {
  return { what, ours: 'hookproof', base, subject, bytes: 250, target: targets.peers[subject] };
}

import type { NodeDelivery } from '../deliveries.ts';

/** What is started cold, each in processes of its own. */
export const contenders = ['hand-written', 'hookproof'] as const;

export type Contender = (typeof contenders)[number];

/** Takes one delivery, as soon as its module is there. */
export interface ColdModule {
  readonly receive: (delivery: NodeDelivery) => Promise<{ readonly status: number }>;
}

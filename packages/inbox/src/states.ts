import type { DeliveryState } from '@hookproof/core';
import { invalid } from './options.ts';

const states = ['waiting', 'working', 'handled', 'dead'] as const satisfies readonly DeliveryState[];

/** A state as a store gives it back. */
export function stateOf(text: string): DeliveryState {
  const state = states.find((one) => one === text);
  if (state === undefined) throw new TypeError('the inbox holds a delivery in a state that this version does not know');
  return state;
}

/** Checks a state that a user names. */
export function checkState(state: unknown): void {
  if (!states.some((one) => one === state)) throw invalid(`state must be one of ${states.join(', ')}`);
}

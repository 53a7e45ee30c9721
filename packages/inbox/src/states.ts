import type { DeliveryState } from '@hookproof/core';

const states = ['waiting', 'working', 'handled', 'dead'] as const satisfies readonly DeliveryState[];

/** A state as a store gives it back. */
export function stateOf(text: string): DeliveryState {
  const state = states.find((one) => one === text);
  if (state === undefined) throw new TypeError('the inbox holds a delivery in a state that this version does not know');
  return state;
}

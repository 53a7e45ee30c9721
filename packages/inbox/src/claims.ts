import { randomUUID } from 'node:crypto';
import { type ClaimStore, WebhookError } from '@hookproof/core';
import { milliseconds } from './options.ts';

/** Milliseconds that a store has to answer. */
const patienceMs = 10_000;

const day = 24 * 60 * 60 * 1_000;

/** What a store that processes share does with a key, each in one atomic step. No two holders have the same name. */
export interface ClaimSteps {
  /** Resolves with the state of a claim, as the store has told it. */
  take(key: string, holder: string, leaseMs: number): Promise<unknown>;
  done(key: string, holder: string): Promise<unknown>;
  release(key: string, holder: string): Promise<unknown>;
}

/** Makes the store that the `dedupe` option takes. */
export function createClaims(steps: ClaimSteps): ClaimStore {
  return {
    async claim(key, leaseMs) {
      const holder = randomUUID();
      const state = await steps.take(key, holder, leaseMs);
      if (state === 'busy' || state === 'done') return { state };
      if (state !== 'taken') throw new TypeError('the claims store gave an answer that is none');
      return {
        state,
        async done() {
          await answered(steps.done(key, holder));
        },
        async release() {
          await answered(steps.release(key, holder));
        },
      };
    },
  };
}

/** Waits for a store's answer, but not for ever. */
export async function answered<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new WebhookError('claims_unavailable', `The claims store has not answered for ${patienceMs / 1_000} s.`));
    }, patienceMs);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** What does a step at the first call, and again where that failed. */
export function once(step: () => Promise<void>): () => Promise<void> {
  let begun: Promise<void> | undefined;
  return async () => {
    begun ??= step();
    try {
      await begun;
    } catch (error) {
      begun = undefined;
      throw error;
    }
  };
}

/** How long handled events are remembered, in milliseconds. */
export function checkRetention(retainMs: unknown = 30 * day): number {
  return milliseconds('retainMs', retainMs, 36_500 * day);
}

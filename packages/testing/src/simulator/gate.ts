/** Lets so many through at once; the others wait in the order in which they came. */
export interface Gate {
  /** Resolves with what `run` does once it had its turn; undefined where `signal` ended the wait before. */
  readonly through: <T>(signal: AbortSignal, run: () => Promise<T>) => Promise<T | undefined>;
}

export function gate(limit: number): Gate {
  let inside = 0;
  const waiting = new Set<() => void>();
  const turn = (signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      const settle = (isTurn: boolean) => {
        waiting.delete(enter);
        signal.removeEventListener('abort', leave);
        resolve(isTurn);
      };
      const enter = () => {
        inside++;
        settle(true);
      };
      const leave = () => settle(false);
      if (inside < limit) return enter();
      waiting.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  return {
    async through(signal, run) {
      if (signal.aborted || !(await turn(signal))) return undefined;
      try {
        return await run();
      } finally {
        inside--;
        for (const [enter] of waiting.entries()) {
          enter();
          break;
        }
      }
    },
  };
}

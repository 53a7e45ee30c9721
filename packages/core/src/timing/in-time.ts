/** Waits for a promise, but no longer than `ms` milliseconds: then it throws what `timeoutError` makes. */
export async function inTime<T>(promise: PromiseLike<T>, ms: number, timeoutError: () => unknown): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeoutError()), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

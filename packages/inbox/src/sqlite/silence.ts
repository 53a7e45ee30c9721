/** A lease as it was read: `sign` changes whenever its worker gives a sign of life. */
export interface WatchedLease {
  readonly id: number;
  readonly sign: string;
  /** Whether it is over by the clock on the wall. */
  readonly expired: boolean;
}

/**
 * Finds leases whose worker is silent. The clock on the wall alone does not decide, because it may be set forward while
 * the worker lives, or back after it died: what counts is for how long this process has seen no sign of life.
 *
 * @returns a function of the leases that there are, and of whether to wait and see, which returns those to give up
 */
export function silenceWatch(
  leaseMs: number,
): (leases: readonly WatchedLease[], patient: boolean) => readonly number[] {
  let seen = new Map<number, { readonly sign: string; readonly since: number }>();
  let looked = Number.NEGATIVE_INFINITY;
  return (leases, patient) => {
    const at = performance.now();
    // Who has not looked cannot say that there was nothing to see: with this process the others may have stood still.
    const before = at - looked <= leaseMs / 2 ? seen : new Map<number, never>();
    looked = at;
    seen = new Map(
      leases.map(({ id, sign }) => {
        const known = before.get(id);
        return [id, known?.sign === sign ? known : { sign, since: at }];
      }),
    );
    return leases
      .filter(({ id, expired }) => {
        const silentMs = at - (seen.get(id)?.since ?? at);
        // A living worker is heard of three times in a lease.
        return silentMs >= leaseMs || (expired && (!patient || silentMs >= leaseMs / 2));
      })
      .map(({ id }) => id);
  };
}

/** The grants that were revoked. A real app keeps them in its database. */
export const revokedGrants = new Set<string>();

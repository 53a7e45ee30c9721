/** The devices that were blocked. A real app keeps them in its database. */
export const blockedDevices = new Set<string>();

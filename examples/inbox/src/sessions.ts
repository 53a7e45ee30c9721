/**
 * Asks the service at `origin` to end a device's sessions.
 *
 * @param origin such as `https://sessions.internal`; without one there is nothing to end
 */
export function sessionService(origin: string | undefined): (deviceId: string, signal: AbortSignal) => Promise<void> {
  return async (deviceId, signal) => {
    if (origin === undefined) return;
    const url = new URL(`/devices/${encodeURIComponent(deviceId)}/sessions`, origin);
    const response = await fetch(url, { method: 'DELETE', signal });
    if (!response.ok) throw new Error(`the session service answered ${response.status}`);
  };
}

import type { NextApiRequest, NextApiResponse } from 'next';
import { blockedDevices } from '../../blocked-devices.ts';

/** Tells of each device in a JSON list whether it is blocked. Its body is parsed by Next.js, as ever. */
export default function handler(request: NextApiRequest, response: NextApiResponse): void {
  const ids: readonly string[] = Array.isArray(request.body) ? request.body.map(String) : [];
  response.json(ids.map((id) => ({ id, blocked: blockedDevices.has(id) })));
}

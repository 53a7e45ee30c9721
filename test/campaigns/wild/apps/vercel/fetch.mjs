import { createReceiver, grantex } from '@hookproof/core';
import told from '../told.cjs';

const receiver = createReceiver({ provider: grantex(), ...told.optionsOf('fetch') });

export async function POST(request) {
  if (new URL(request.url).pathname === '/echo') return Response.json(await request.json());
  return receiver.fetch(request);
}

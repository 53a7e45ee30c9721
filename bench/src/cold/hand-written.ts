import { verifier } from '../hand-written.ts';
import type { ColdModule } from './contenders.ts';

const verify = verifier('grantex v2', process.env['WEBHOOK_SECRET'] ?? '');

export const receive: ColdModule['receive'] = async ({ headers, body }) => {
  if (!verify((name) => headers[name], body)) return { status: 401 };
  await handle(JSON.parse(body.toString()));
  return { status: 200 };
};

function handle(_event: unknown): void {}

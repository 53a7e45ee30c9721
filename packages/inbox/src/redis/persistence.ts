import type { Link } from './client.ts';

/** What a promise to survive a crash needs of Redis. */
const needed = { appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' } as const;

const promise = 'What redisInbox has accepted survives a crash of Redis only with ';
const settings = Object.entries(needed)
  .map(([name, value]) => `"${name} ${value}"`)
  .join(', ');

/** What to tell the operator of how this Redis is set up; undefined where all is well. */
export async function persistenceWarning(link: Link): Promise<Error | undefined> {
  let found: readonly (readonly [name: string, value: unknown, good: string])[];
  try {
    const names = Object.entries(needed);
    const replies = await Promise.all(names.map(([name]) => link.call('config', 'get', name)));
    found = names.map(([name, good], index) => [name, valueIn(replies[index]), good]);
  } catch (cause) {
    return new Error(
      `${promise}${settings}. Whether that is so could not be seen, because CONFIG GET failed, as it does at many hosts: look it up there.`,
      { cause },
    );
  }
  const wrong = found.filter(([, value, good]) => value !== good);
  if (wrong.length === 0) return undefined;
  const state = wrong.map(([name, value]) => `"${name} ${value}"`).join(', ');
  return new Error(
    `${promise}${settings}. This one has ${state}: deliveries whose sender was told 202 may be lost, and what was handled may be handled again. Correct it in redis.conf, or with CONFIG SET and CONFIG REWRITE.`,
  );
}

/** The value in a reply of CONFIG GET, which is a list or, in Redis's newer protocol, a map. */
function valueIn(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply[1];
  return reply instanceof Map ? [...reply.values()][0] : Object.values(Object(reply))[0];
}

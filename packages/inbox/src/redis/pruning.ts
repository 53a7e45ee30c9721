import type { Settings } from '../options.ts';
import type { Link } from './client.ts';
import { queueOf } from './jobs.ts';
import { type Keys, knownSuffix } from './keys.ts';
import { scriptOf } from './scripts.ts';

/**
 * Removes jobs that were completed before a time, takes them off the list, and leaves a key of each, which Redis forgets
 * when its time is over. In one step, which BullMQ has not: nobody may find a job gone and no key, and none may go that is
 * replayed meanwhile, or that another process does not mean.
 */
const pruneScript = scriptOf(`
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local retainMs = tonumber(ARGV[4])
for index = 1, #found, 2 do
  local job = KEYS[3] .. found[index]
  local leftMs = math.ceil(found[index + 1] + retainMs - ARGV[3])
  if retainMs > 0 and leftMs > 0 then
    local known = job .. '${knownSuffix}'
    local kept = redis.pcall('SET', known, '', 'PX', leftMs)
    if kept.err then
      -- A Redis that is full takes no new keys: one field of the job is left as the key.
      redis.call('RENAME', job, known)
      local fields = redis.call('HKEYS', known)
      table.remove(fields)
      for _, field in ipairs(fields) do redis.call('HDEL', known, field) end
      redis.call('PEXPIRE', known, leftMs)
    end
  end
  redis.call('ZREM', KEYS[1], found[index])
  redis.call('ZREM', KEYS[2], ARGV[5] .. found[index])
  redis.call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
end
return #found / 2`);

/** Makes the function that prunes the deliveries of a receiver. */
export function createPruner(
  link: Link,
  keys: Keys,
  { now, retainKeysMs }: Settings,
): (name: string, handledBefore: number, limit: number) => Promise<number> {
  return async (name, handledBefore, limit) => {
    const queue = queueOf(name);
    const places = [keys.set(queue, 'completed'), keys.arrivals, keys.job({ id: '', queue, job: '' })];
    const until = Math.ceil(handledBefore) - 1;
    return Number(await link.run(pruneScript, places, [until, limit, now(), retainKeysMs, `${queue}:`]));
  };
}

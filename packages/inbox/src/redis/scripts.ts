import { createHash } from 'node:crypto';

/** A script of Redis, and the name by which Redis knows it once it has seen it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function scriptOf(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Makes a script of another one's text, once for each. */
export function scriptAround(wrap: (lua: string) => string): (lua: string) => Script {
  const made = new Map<string, Script>();
  return (lua) => {
    const script = made.get(lua) ?? scriptOf(wrap(lua));
    made.set(lua, script);
    return script;
  };
}

/** A whole script as a function of another one: what it knows as its keys and arguments are parameters there. */
export function asFunction(name: string, lua: string): string {
  return `local function ${name}(KEYS, ARGV)\n${lua}\nend\n`;
}

/** Items of a list after so many of them. */
export const partFunction = `
local function part(list, after, count)
  local items = {}
  for index = 1, count do items[index] = list[after + index] end
  return items
end
`;

/** Runs commands in one step. Each has its length before it; where one fails, its error is its reply. */
export const commandsScript = scriptOf(`
local replies = {}
local at = 1
while at <= #ARGV do
  local length = tonumber(ARGV[at])
  replies[#replies + 1] = redis.pcall(unpack(ARGV, at + 1, at + length))
  at = at + length + 1
end
return replies`);

/** Runs a script many times in one step, each time with as many keys and arguments. An error is the reply of its own. */
export const manyTimes = scriptAround(
  (lua) => `
${asFunction('step', lua)}
${partFunction}
local times, replies = tonumber(ARGV[1]), {}
local keys, args = #KEYS / times, (#ARGV - 1) / times
for time = 0, times - 1 do
  local done, reply = pcall(step, part(KEYS, time * keys, keys), part(ARGV, 1 + time * args, args))
  if not done and type(reply) ~= 'table' then reply = { err = tostring(reply) } end
  replies[time + 1] = reply or false
end
return replies`,
);

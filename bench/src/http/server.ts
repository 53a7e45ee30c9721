/** A process of its own per contender, so that none warms up another's code or waits for its garbage. */
import { answer } from '../children.ts';
import { contenders, type Framework, type Listen } from './contenders.ts';

export interface ServerAnswer {
  readonly port: number;
  /** Processor time of the whole process since it began, in microseconds. */
  readonly cpuUs: number;
}

const modules: Readonly<Record<Framework, () => Promise<{ readonly listen: Listen }>>> = {
  express: () => import('./express.ts'),
  'node:http': () => import('./node.ts'),
  hono: () => import('./hono.ts'),
  fastify: () => import('./fastify.ts'),
};

const [, , framework, name] = process.argv;
const contender = contenders.find((one) => one === name);
const load = Object.entries(modules).find(([one]) => one === framework)?.[1];
if (contender === undefined || load === undefined) throw new RangeError(`There is no server ${framework} ${name}.`);
const { listen } = await load();
const address = await listen(contender);
if (typeof address !== 'object' || address === null) throw new Error(`${framework} does not listen on a port.`);
const { port } = address;

answer((): ServerAnswer => {
  const { user, system } = process.cpuUsage();
  return { port, cpuUs: user + system };
});

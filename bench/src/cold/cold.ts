/** A process of its own per start: what it takes from the import to the first reply. */
import { answer } from '../children.ts';
import { type ColdModule, type Contender, contenders } from './contenders.ts';

/** A delivery that was signed elsewhere, so that this process has imported nothing for it. */
export interface ColdQuestion {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Both in milliseconds. */
export interface ColdAnswer {
  readonly tookMs: number;
  /** Processor time of the whole process, with the threads of the engine. */
  readonly cpuMs: number;
}

const modules: Readonly<Record<Contender, () => Promise<ColdModule>>> = {
  'hand-written': () => import('./hand-written.ts'),
  hookproof: () => import('./hookproof.ts'),
};

const contender = contenders.find((name) => name === process.argv[2]);
if (contender === undefined) throw new RangeError(`There is no contender ${process.argv[2]}.`);

answer(async ({ headers, body }: ColdQuestion): Promise<ColdAnswer> => {
  const delivery = { headers, body: Buffer.from(body) };
  const from = performance.now();
  const before = process.cpuUsage();
  const { receive } = await modules[contender]();
  const { status } = await receive(delivery);
  const { user, system } = process.cpuUsage(before);
  const tookMs = performance.now() - from;
  if (status !== 200) throw new Error(`${contender} refused a genuine delivery with ${status}.`);
  return { tookMs, cpuMs: (user + system) / 1_000 };
});

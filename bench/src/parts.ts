import type { CpuPlan } from './cpu/compare.ts';
import { cpuTable } from './cpu/table.ts';
import { type HttpPlan, http } from './http/index.ts';
import { httpTable } from './http/table.ts';
import { type InProcessPlan, inProcess } from './in-process/index.ts';
import { type GrowthPlan, growth } from './inbox/growing.ts';
import { type InboxPlan, inbox } from './inbox/index.ts';
import { diskLine, growthTable, timingTable } from './inbox/table.ts';
import type { Report } from './report.ts';

/** How long and how often to measure. */
export interface Plans {
  readonly inProcess: InProcessPlan;
  readonly cpu: CpuPlan;
  readonly http: HttpPlan;
  readonly inbox: InboxPlan;
  readonly growth: GrowthPlan;
}

export type Part = keyof typeof parts;

type Measure = (plans: Plans, progress: (what: string) => void) => Promise<Report>;

/** The parts of the benchmark. In every table a ratio above 1 is good for ours. */
export const parts = {
  'in-process': async (plans, progress) => {
    const rows = await inProcess(plans.inProcess, progress);
    const heading = 'In process, the base’s processor time by ours (above 1: ours is cheaper):';
    return { text: `${heading}\n\n${cpuTable(rows)}`, figures: rows, rows };
  },
  http: async (plans, progress) => {
    const rows = await http(plans.http, progress);
    const heading = `Over HTTP, requests per second of the server’s processor time, ours by the base’s (above 1: ours is cheaper),
and beside it requests per second (above 1: more by ours):`;
    return { text: `${heading}\n\n${httpTable(rows)}`, figures: rows, rows };
  },
  inbox: async (plans, progress) => {
    const figures = await inbox(plans.inbox, progress);
    const heading =
      'The inbox, calls per second, ours by the base’s (above 1: more by ours), and how long a call takes:';
    const text = `${heading}\n\n${timingTable(figures.rows)}\n\n${diskLine(figures.disk)}.`;
    return { text, figures, rows: [] };
  },
  growth: async (plans, progress) => {
    const figures = await growth(plans.growth, progress);
    const heading = `The inbox in SQLite as it grows, time per accept with 64 callers in an empty one by that in this one
(1: as fast; below 1: slower), and to lease and settle a delivery (work):`;
    const text = `${heading}\n\n${growthTable(figures.rows)}\n\n${diskLine(figures.disk)}.`;
    return { text, figures, rows: [] };
  },
} as const satisfies Record<string, Measure>;

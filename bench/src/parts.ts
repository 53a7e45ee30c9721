import { type ColdPlan, cold } from './cold/index.ts';
import { coldTable } from './cold/table.ts';
import { type CpuPlan, type CpuRow, compareAll } from './cpu/compare.ts';
import { cpuTable } from './cpu/table.ts';
import { forgeries } from './forgery/index.ts';
import { type HttpPlan, http } from './http/index.ts';
import { httpTable } from './http/table.ts';
import { type InProcessPlan, inProcess } from './in-process/index.ts';
import { type BacklogPlan, backlog } from './inbox/backlog/index.ts';
import { backlogTable } from './inbox/backlog/table.ts';
import { type GrowthPlan, growth } from './inbox/growing.ts';
import { type InboxPlan, inbox } from './inbox/index.ts';
import { diskLine, growthTable, timingTable } from './inbox/table.ts';
import { peers } from './peers/index.ts';
import { type ProfilePlan, profile, profileTable } from './profile/index.ts';
import type { Report } from './report.ts';
import type { Ratio } from './rounds.ts';
import { sizeTable, sizeVerdicts } from './size/table.ts';
import { weigh } from './size/weigh.ts';
import { judge, type Target, type Verdict } from './targets.ts';

/** How long and how often to measure. */
export interface Plans {
  readonly inProcess: InProcessPlan;
  readonly cpu: CpuPlan;
  readonly cold: ColdPlan;
  readonly http: HttpPlan;
  readonly inbox: InboxPlan;
  readonly profile: ProfilePlan;
  readonly growth: GrowthPlan;
  readonly backlog: BacklogPlan;
}

export type Part = keyof typeof parts;

type Measure = (plans: Plans, progress: (what: string) => void) => Promise<Report>;

/** The parts of the benchmark. In every table a ratio above 1 is good for ours. */
export const parts = {
  'in-process': async (plans, progress) => {
    const rows = await compareAll(inProcess(plans.inProcess), plans.cpu, progress);
    return cpuReport('In process, the base’s processor time by ours (above 1: ours is cheaper):', rows);
  },
  peers: async (plans, progress) => {
    const rows = await compareAll(peers, plans.cpu, progress);
    return cpuReport('The peers in process, their processor time by ours (above 1: ours is cheaper):', rows);
  },
  forgery: async (plans, progress) => {
    const rows = await compareAll(forgeries, plans.cpu, progress);
    const heading =
      'A forgery, the processor time of one HMAC of its body by ours to refuse it (above 1: ours is cheaper):';
    return cpuReport(heading, rows);
  },
  cold: async (plans, progress) => {
    const figures = await cold(plans.cold, progress);
    const heading = `A cold start, from the import to the first reply in a new process, the base’s processor time by ours
(above 1: ours is cheaper):`;
    return { text: `${heading}\n\n${coldTable(figures)}`, figures, verdicts: [] };
  },
  size: async (_plans, progress) => {
    progress('size');
    const figures = await weigh();
    const heading = 'The bundle of a Worker with one provider, in bytes (less is better):';
    return { text: `${heading}\n\n${sizeTable(figures)}`, figures, verdicts: sizeVerdicts(figures) };
  },
  http: async (plans, progress) => {
    const rows = await http(plans.http, progress);
    const heading = `Over HTTP, requests per second of the server’s processor time, ours by the base’s (above 1: ours is cheaper),
and beside it requests per second (above 1: more by ours):`;
    return { text: `${heading}\n\n${httpTable(rows)}`, figures: rows, verdicts: verdictsOf(rows) };
  },
  inbox: async (plans, progress) => {
    const figures = await inbox(plans.inbox, progress);
    const heading =
      'The inbox, calls per second, ours by the base’s (above 1: more by ours), and how long a call takes:';
    const text = `${heading}\n\n${timingTable(figures.rows)}\n\n${diskLine(figures.disk)}.`;
    return { text, figures, verdicts: verdictsOf(figures.rows) };
  },
  profile: async (plans, progress) => {
    const figures = await profile(plans.profile, progress);
    const heading = `Where the ${figures.cpuUs.toFixed(1)} µs of processor time of a Grantex v1 delivery of 250 B go, by the profiler’s samples
(a file’s share has what it calls outside of core):`;
    return { text: `${heading}\n\n${profileTable(figures)}`, figures, verdicts: [] };
  },
  growth: async (plans, progress) => {
    const figures = await growth(plans.growth, progress);
    const heading = `The inbox in SQLite as it grows, time per accept with 64 callers in an empty one by that in this one
(1: as fast; below 1: slower), and to lease and settle a delivery (work):`;
    const text = `${heading}\n\n${growthTable(figures.rows)}\n\n${diskLine(figures.disk)}.`;
    return { text, figures, verdicts: verdictsOf(figures.rows) };
  },
  backlog: async (plans, progress) => {
    const figures = await backlog(plans.backlog, progress);
    const heading = `The inbox with a backlog, events handled per second, ours by the base’s (above 1: more by ours), and how long an event
of a receiver beside it waits for its handler:`;
    const text = `${heading}\n\n${backlogTable(figures.rows)}\n\n${diskLine(figures.disk)}.`;
    return { text, figures, verdicts: verdictsOf(figures.rows) };
  },
} as const satisfies Record<string, Measure>;

function cpuReport(heading: string, rows: readonly CpuRow[]): Report {
  return { text: `${heading}\n\n${cpuTable(rows)}`, figures: rows, verdicts: verdictsOf(rows) };
}

function verdictsOf(rows: readonly { readonly ratio: Ratio; readonly target: Target | undefined }[]): Verdict[] {
  return rows.flatMap(({ ratio, target }) => (target === undefined ? [] : [judge(ratio.median, target)]));
}

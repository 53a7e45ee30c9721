import { start } from '../children.ts';
import type { Subject } from '../cpu/subjects.ts';
import { micros, table } from '../table.ts';
import type { ProfileAnswer, ProfileQuestion } from './profile.ts';

export interface ProfilePlan {
  readonly deliveries: number;
}

/** Where the time of a delivery goes. */
export interface ProfileResult {
  readonly cpuUs: number;
  /** Most first. */
  readonly places: readonly { readonly place: string; readonly cpuUs: number }[];
}

const subject: Subject = { name: 'receive', scheme: 'grantex v1', bytes: 250 };

export async function profile({ deliveries }: ProfilePlan, progress: (what: string) => void): Promise<ProfileResult> {
  progress('profile');
  const child = start(new URL('./profile.js', import.meta.url));
  const question: ProfileQuestion = { subject, deliveries };
  const { cpuUs, hits } = await child.ask<ProfileAnswer>(question);
  await child.stop();
  const all = Object.values(hits).reduce((sum, count) => sum + count, 0);
  const places = Object.entries(hits).map(([place, count]) => ({ place, cpuUs: (cpuUs * count) / all }));
  return { cpuUs, places: places.toSorted((a, b) => b.cpuUs - a.cpuUs) };
}

export function profileTable({ cpuUs, places }: ProfileResult): string {
  // Files below half a percent are one line.
  const shown = places.filter((place) => place.cpuUs >= cpuUs / 200);
  const rest = cpuUs - shown.reduce((sum, place) => sum + place.cpuUs, 0);
  const rows = [...shown, { place: 'the rest', cpuUs: rest }].map((place) => [
    ...[`${((place.cpuUs / cpuUs) * 100).toFixed(0)} %`, micros(place.cpuUs)],
    place.place,
  ]);
  return table(['share', 'CPU µs', 'where'], rows, 1);
}

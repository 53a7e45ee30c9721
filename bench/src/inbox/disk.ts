import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd } from '../children.ts';
import { median } from '../rounds.ts';

/** A folder for files that are measured, on the disk of the repository. It is gone when the run ends. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(fileURLToPath(new URL('..', import.meta.url)), 'files-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** What a disk is: figures of a store on another one say something else. */
export interface Disk {
  readonly folder: string;
  readonly fileSystem: string;
  /** Microseconds to have 4 KiB on the disk (write and fdatasync), the middle of many: no commit is faster. */
  readonly syncUs: number;
}

export function inspect(folder: string): Disk {
  const file = join(folder, 'probe');
  const descriptor = openSync(file, 'w');
  const page = Buffer.alloc(4_096, 'x');
  const tookUs = Array.from({ length: 200 }, () => {
    const from = performance.now();
    writeSync(descriptor, page);
    fdatasyncSync(descriptor);
    return (performance.now() - from) * 1_000;
  });
  closeSync(descriptor);
  rmSync(file);
  return { folder, fileSystem: fileSystemOf(folder), syncUs: median(tookUs) };
}

/** By the numbers of Linux's statfs(2). */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs (in memory: nothing here is durable)',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  2035054128: 'overlayfs',
};

function fileSystemOf(folder: string): string {
  const { type } = statfsSync(folder);
  return fileSystems[type] ?? `file system 0x${type.toString(16)}`;
}

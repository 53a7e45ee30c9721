import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

/** Makes a list of what closes at the end of each test of a file, whatever became of it: the last comes first. */
export function closeAfterEach(): (() => unknown)[] {
  const open: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });
  return open;
}

/** Makes a folder that is deleted with what else is on such a list. */
export function ownFolder(open: (() => unknown)[], prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** The bundle of a Worker with one provider, in bytes. */
export interface Weight {
  readonly minifiedBytes: number;
  /** By gzip at its best level. */
  readonly gzipBytes: number;
  /** Of the minified bytes: those of core, those of zod, and the rest. */
  readonly shares: Readonly<Record<'core' | 'zod' | 'rest', number>>;
}

/** Bundles `worker.ts` as the bundlers of Workers do, and weighs it. */
export async function weigh(): Promise<Weight> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('./worker.js', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    define: { 'process.env.NODE_ENV': '"production"' },
    outdir: 'in-memory',
    write: false,
    metafile: true,
  });
  const [bundle] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  if (bundle === undefined || output === undefined) throw new Error('esbuild has made no bundle.');
  const shares = { core: 0, zod: 0, rest: 0 };
  for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) shares[ownerOf(file)] += bytesInOutput;
  return { minifiedBytes: bundle.contents.length, gzipBytes: gzipSync(bundle.contents, { level: 9 }).length, shares };
}

function ownerOf(file: string): keyof Weight['shares'] {
  if (file.includes('node_modules/zod/')) return 'zod';
  return file.includes('packages/core/') ? 'core' : 'rest';
}

// Imports every subpath of every package of Hookproof that is installed here, and requires it, as Node 20.19 can.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
for (const folder of readdirSync('node_modules/@hookproof')) {
  const text = readFileSync(`node_modules/@hookproof/${folder}/package.json`, 'utf8');
  const { name, exports } = JSON.parse(text) as { name: string; exports: object };
  for (const subpath of Object.keys(exports)) {
    const specifier = name + subpath.slice('.'.length);
    const imported = await import(specifier, subpath.endsWith('.json') ? { with: { type: 'json' } } : undefined);
    assert.notEqual(Object.keys(imported).length, 0, specifier);
    assert.notEqual(Object.keys(require(specifier)).length, 0, specifier);
  }
}

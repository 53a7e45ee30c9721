import { describe, expect, it } from 'vitest';
import { circlesIn, readImportGraph } from './circles.ts';

// Types count too: files that need each other to be understood are one file, or the shared part is a third.
describe('imports', () => {
  const graph = readImportGraph();

  it('run in no circle', () => {
    expect(circlesIn(graph)).toEqual([]);
  });

  it('are followed from file to file, and from package to package', () => {
    expect(graph.get('test/rules/circles.test.ts')).toEqual(['test/rules/circles.ts']);
    expect(graph.get('packages/testing/src/conformance.ts')).toContain('packages/core/src/index.ts');
    // For its types alone.
    expect(graph.get('test/campaigns/attack/sent.ts')).toEqual(['test/campaigns/attack/schemes.ts']);
    for (const tree of ['packages/core/src/', 'bench/src/', 'examples/', 'test/']) {
      expect([...graph.keys()].filter((file) => file.startsWith(tree)).length).toBeGreaterThan(10);
    }
  });

  it('lead to files that are there', () => {
    const files = new Set(graph.keys());
    const lost = [...graph].flatMap(([file, imported]) =>
      imported.filter((target) => !files.has(target)).map((target) => `${file} imports ${target}`),
    );
    expect(lost).toEqual([]);
  });
});

describe('the check itself', () => {
  const graphOf = (imports: Readonly<Record<string, string>>) =>
    new Map(Object.entries(imports).map(([file, targets]) => [file, targets.split(' ').filter((one) => one !== '')]));

  it('finds a file that imports itself, a pair, and a longer way round, and tells each once', () => {
    expect(circlesIn(graphOf({ a: 'a' }))).toEqual(['a → a']);
    expect(circlesIn(graphOf({ b: 'a', a: 'b' }))).toEqual(['a → b → a']);
    expect(circlesIn(graphOf({ main: 'c', c: 'a', a: 'b', b: 'c' }))).toEqual(['a → b → c → a']);
  });

  it('tells circles apart that share a file', () => {
    expect(circlesIn(graphOf({ a: 'b c', b: 'a', c: 'd', d: 'a' }))).toEqual(['a → b → a', 'a → c → d → a']);
  });

  it('finds none where two ways lead to one file', () => {
    expect(circlesIn(graphOf({ a: 'b c', b: 'd', c: 'd', d: '' }))).toEqual([]);
  });
});

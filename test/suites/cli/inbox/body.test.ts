import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyLines } from '../../../../packages/cli/src/inbox/body.ts';

const shown = (text: string) => {
  const { kind, lines } = bodyLines(Buffer.from(text));
  return { kind, text: lines.join('\n') };
};

describe('a body for a reader', () => {
  it('is indented where it is JSON of the usual kind, and not where it is none', () => {
    const event = { id: 'evt_1', data: { list: [1, { a: '",[{\\' }], none: {} } };
    expect(shown(JSON.stringify(event))).toEqual({
      kind: 'JSON, indented here; --raw writes them as they are',
      text: JSON.stringify(event, undefined, 2),
    });
    expect(shown('{"a":')).toEqual({ kind: 'no JSON; --raw writes them as they are', text: '{"a":' });
  });

  it('does not grow out of proportion: JSON that is nested deeply is shown as it is', () => {
    const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const list = `${'['.repeat(60)}${'1,'.repeat(50_000)}1${']'.repeat(60)}`;
    for (const text of [deep(4_000), deep(100_000), list, `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`]) {
      expect(shown(text)).toEqual({
        kind: 'JSON, nested too deeply to be indented; --raw writes them as they are',
        text,
      });
    }
    expect(shown(deep(100)).kind).toMatch(/^JSON, indented/);
  });

  it('is never longer than five times the body, or 128 KiB, whatever JSON it is', () => {
    const property = fc.property(fc.json({ maxDepth: 50 }), fc.integer({ min: 1, max: 300 }), (json, levels) => {
      const text = `${'['.repeat(levels)}${json},${json}${']'.repeat(levels)}`;
      const { length } = shown(text).text;
      expect(length).toBeLessThanOrEqual(Math.max(128 * 1024, text.length * 5));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

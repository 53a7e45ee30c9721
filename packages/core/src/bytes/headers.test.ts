import { describe, expect, it } from 'vitest';
import { readHeaders } from './headers.ts';

describe('headers', () => {
  it('are found by their name in lower case, whatever case they came in', () => {
    const headers = readHeaders({ 'X-Grantex-Signature': 'a', 'CONTENT-TYPE': 'b', accept: 'c' });
    expect([...headers]).toEqual([
      ['x-grantex-signature', 'a'],
      ['content-type', 'b'],
      ['accept', 'c'],
    ]);
  });

  it('are read from the Headers of fetch', () => {
    const input = new Headers({ 'X-Signature': 'a' });
    input.append('x-signature', 'b');
    expect([...readHeaders(input)]).toEqual([['x-signature', 'a, b']]);
  });

  it('are read from pairs, as a Map or an array has them', () => {
    expect(readHeaders(new Map([['A', '1']])).get('a')).toBe('1');
    expect(readHeaders([['A', '1']]).get('a')).toBe('1');
  });

  it('are joined where one came several times, as an array, as pairs, or in different cases', () => {
    expect(readHeaders({ a: ['1', '2'] }).get('a')).toBe('1, 2');
    expect(
      readHeaders([
        ['a', '1'],
        ['A', '2'],
      ]).get('a'),
    ).toBe('1, 2');
    expect(readHeaders({ a: '1', A: ['2', '3'] }).get('a')).toBe('1, 2, 3');
  });

  it('are absent where the value is undefined or null', () => {
    expect(readHeaders({ a: undefined }).has('a')).toBe(false);
    expect(readHeaders(JSON.parse('{"a":null}')).has('a')).toBe(false);
  });

  it('are text where a framework holds a number', () => {
    expect(readHeaders(JSON.parse('{"content-length":5}')).get('content-length')).toBe('5');
  });

  it('keep their value as it came: no trimming, no decoding', () => {
    expect(readHeaders({ a: ' ÿ\t\u2028' }).get('a')).toBe(' ÿ\t\u2028');
  });

  it('never index a plain object', () => {
    const headers = readHeaders(JSON.parse('{"__proto__":"a","Constructor":"b","toString":"c"}'));
    expect([...headers.keys()]).toEqual(['__proto__', 'constructor', 'tostring']);
    expect(readHeaders({}).get('constructor')).toBeUndefined();
    expect(readHeaders({}).get('__proto__')).toBeUndefined();
  });
});

// A wait that is over says so at once, and one that is in vain says what it was for.
import { describe, expect, it } from 'vitest';
import { until, untilDone } from './until.ts';

describe('until', () => {
  it('ends when the condition holds, whatever failed before', async () => {
    let asked = 0;
    await until('the third try', () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return Promise.resolve(asked === 3);
    });
    expect(asked).toBe(3);
  });

  it('ends in a sentence: what it waited for, and what was seen last', async () => {
    const waiting = until('450 records are consumed', () => false, {
      seen: () => 449,
      withinMs: 30,
    });
    await expect(waiting).rejects.toThrow(
      'not within 0.03 s: 450 records are consumed; last seen: 449',
    );
    const failing = until('x', () => Promise.reject(new Error('away')), { withinMs: 0 });
    await expect(failing).rejects.toThrow('not within 0 s: x; it failed: away');
  });
});

describe('untilDone', () => {
  it('lasts while there is progress, and ends without progress', async () => {
    let left = 4;
    const look = () => {
      left -= 1;
      return Promise.resolve({ done: left === 0 ? 'all' : undefined, at: `${left} left` });
    };
    expect(await untilDone('all is done', look, { stallMs: 0 })).toBe('all');
    const stands = () => Promise.resolve({ done: undefined, at: '7 left' });
    await expect(untilDone('all is done', stands, { stallMs: 10 })).rejects.toThrow(
      'no progress for 0.01 s: all is done: 7 left',
    );
  });
});

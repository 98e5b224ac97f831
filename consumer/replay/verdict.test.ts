import { describe, expect, it } from 'vitest';
import { atMostEvery, isNoWorse } from './verdict.ts';

const table = (missing: number, surplus = 0, beyond = 0, earlier = 0) => ({
  earlier: { rows: 10, surplus: earlier },
  partitions: [
    { partition: 0, missing: 0, surplus: 0, beyond: 0 },
    { partition: 1, missing, surplus, beyond },
  ],
});

describe('isNoWorse', () => {
  it('accepts a table that lacks nothing, or no more than the live table lacks', () => {
    expect(isNoWorse(table(0), table(0))).toBe(true);
    expect(isNoWorse(table(0), table(5, 2))).toBe(true);
    expect(isNoWorse(table(5, 2, 0, 1), table(5, 2, 0, 1))).toBe(true);
  });

  it('refuses a table that lacks one more row, holds one too many, or stands outside the log', () => {
    expect(isNoWorse(table(6), table(5))).toBe(false);
    expect(isNoWorse(table(0, 1), table(5, 0))).toBe(false);
    expect(isNoWorse(table(0, 0, 1), table(0))).toBe(false);
    expect(isNoWorse(table(0, 0, 0, 1), table(0))).toBe(false);
  });

  it('refuses sums that cannot be, and a partition more that does not add up', () => {
    expect(isNoWorse(table(-1), table(-1))).toBe(false);
    const one = { ...table(0), partitions: table(0).partitions.slice(0, 1) };
    expect(isNoWorse(table(1), one)).toBe(false);
    expect(isNoWorse(table(0), one)).toBe(true);
  });
});

it('acts at most once in a period, and not at first', () => {
  let nowMs = 5_000;
  const acted: number[] = [];
  const every = atMostEvery(100, () => nowMs);
  for (const atMs of [5_000, 5_099, 5_100, 5_150, 5_199, 5_200, 9_000]) {
    nowMs = atMs;
    every(() => acted.push(atMs));
  }
  expect(acted).toEqual([5_100, 5_200, 9_000]);
});

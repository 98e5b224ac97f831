// What is said of open transactions: how many records they hide, and since when, as far as brokers say.
import { expect, it } from 'vitest';
import { describeOpen, oldestMs, type OpenTransaction } from './open-transactions.ts';

const NOW_MS = Date.UTC(2026, 10, 27, 12, 0, 0);
const open = (records: number, sinceMs?: number): OpenTransaction => {
  return { partition: 0, records, sinceMs, transactionalId: undefined };
};

it('is nothing where nothing is hidden', () => {
  expect(describeOpen([], NOW_MS)).toBe('');
  expect(oldestMs([])).toBeUndefined();
  expect(oldestMs([open(3)])).toBeUndefined();
});

it('is the sum of the hidden records, since the oldest one with a time', () => {
  const since = NOW_MS - 65_000;
  const some = [open(3, NOW_MS - 1_000), open(100), open(7, since)];
  expect(oldestMs(some)).toBe(since);
  expect(describeOpen(some, NOW_MS)).toBe('110 behind an open transaction since 11:58:55 UTC');
  expect(describeOpen([open(4)], NOW_MS)).toBe('4 behind an open transaction');
});

it('has its date where it did not begin today', () => {
  const midnight = Date.UTC(2026, 10, 27);
  expect(describeOpen([open(1, midnight)], NOW_MS)).toMatch(/since 00:00:00 UTC$/);
  expect(describeOpen([open(1, midnight - 1)], NOW_MS)).toMatch(/since 2026-11-26 23:59:59 UTC$/);
});

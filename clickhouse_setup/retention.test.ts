import { describe, expect, it } from 'vitest';
import { streams } from '../streams/index.ts';
import { consumerPositions, deadLetterRedrives } from '../streams/table.ts';
import { retentionTtl } from '../platform/clickhouse/retention.ts';
import { tablesOf } from './generate.ts';
import { expiring, ttlStep } from './retention.ts';

describe('RETENTION_DAYS', () => {
  it('applies to rows and dead letters, never to what the position is made of', () => {
    const names = expiring(tablesOf(streams)).map(({ name }) => name);
    expect(names).toEqual([...streams.map(({ table }) => table.name), 'dead_letters']);
    expect(names).not.toContain(consumerPositions.name);
    expect(names).not.toContain(deadLetterRedrives.name);
  });

  it.each([
    ['', undefined, 'nothing'],
    ['', 0, 'nothing'],
    ['', 30, 'set'],
    [retentionTtl(30), 30, 'nothing'],
    [retentionTtl(30), 7, 'set'],
    [retentionTtl(30), 0, 'remove'],
    [retentionTtl(30), undefined, 'nothing'],
    ['ts + toIntervalYear(1)', undefined, 'nothing'],
    ['ts + toIntervalYear(1)', 30, 'conflict'],
    ['ts + toIntervalYear(1)', 0, 'conflict'],
  ] as const)('where the TTL is "%s" and it says %s: %s', (found, days, step) => {
    expect(ttlStep(found, days)).toBe(step);
  });
});

import { describe, expect, it } from 'vitest';
import { retentionDays, retentionTtl, ttlOf } from './retention.ts';

const engine = (ttl: string): string =>
  `MergeTree PARTITION BY toYYYYMM(ingest_time) ORDER BY (device_id, ts)${ttl} SETTINGS index_granularity = 8192`;

describe('the retention of a table', () => {
  it('is read as it was written', () => {
    for (const days of [1, 30, 36_500]) {
      expect(retentionDays(engine(` TTL ${retentionTtl(days)}`))).toBe(days);
    }
    expect(ttlOf(`MergeTree ORDER BY a TTL ${retentionTtl(3)}`)).toBe(retentionTtl(3));
  });

  it('is none without a TTL, and not ours with another one', () => {
    expect([ttlOf(engine('')), retentionDays(engine(''))]).toEqual(['', undefined]);
    const other = 'ts + toIntervalYear(10)';
    expect(ttlOf(engine(` TTL ${other}`))).toBe(other);
    expect(retentionDays(engine(` TTL ${other}`))).toBeUndefined();
    const first = `ts + toIntervalYear(1), ${retentionTtl(3)}`;
    expect(retentionDays(engine(` TTL ${first}`))).toBeUndefined();
    const moved = `${retentionTtl(3)}, ts + toIntervalDay(1) TO DISK \\'cold\\'`;
    expect(retentionDays(engine(` TTL ${moved}`))).toBeUndefined();
  });
});

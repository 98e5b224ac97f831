// The checksum of rows: sensitive to every value, blind to nothing but order. That ClickHouse computes
// the same is tested on the real engine in test/integration/audit.test.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRowChecksum, rowChecksumSql } from './checksum.ts';
import { boolean, float64, instant, text } from './field.ts';
import { sensorData } from './sensor-data.ts';
import { defineStream } from './stream.ts';

const stream = defineStream({
  name: 'probe',
  topic: { name: 'probe', partitions: 1, retentionMs: -1 },
  event: { name: text(), at: instant(), on: boolean(), level: float64() },
  key: 'name',
  eventTime: 'at',
  table: { name: 'probe', orderBy: ['name', 'at'] },
});
const checksum = compileRowChecksum(stream);
const row = fc.tuple(
  fc.string(),
  fc.integer({ min: 0, max: 2 ** 45 }),
  fc.constantFrom(0, 1),
  fc.double({ noNaN: true }),
);

describe('the checksum of a row', () => {
  it('is the CRC-32 of its canonical text', () => {
    // CRC-32 of "a\n5\n1\n4607182418800017408", from Python's zlib.
    expect(checksum(['a', 5, 1, 1])).toBe(1436724513);
  });

  it('differs when any one value differs, down to the sign of zero', () => {
    fc.assert(
      fc.property(row, row, fc.nat({ max: 3 }), (one, other, at) => {
        const changed = one.with(at, other[at]!);
        fc.pre(!Object.is(changed[at], one[at]));
        expect(checksum(changed)).not.toBe(checksum(one));
      }),
    );
    expect(checksum(['a', 5, 1, -0])).not.toBe(checksum(['a', 5, 1, 0]));
  });

  it('takes every declared column of a stream and nothing else', () => {
    const sql = rowChecksumSql(sensorData);
    for (const { name } of sensorData.columns) expect(sql).toContain(`(${name})`);
    expect(sql).not.toContain('kafka');
    expect(sql).not.toContain('ingest_time');
  });
});

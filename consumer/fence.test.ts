// The fence's texts: which inserts a takeover ends, and whose guard can pass.
import { describe, expect, it } from 'vitest';
import { guard, insertId, insertsInto, type Ownership } from './fence.ts';

const ownership: Ownership = {
  database: 'default',
  table: { name: 'sensor_data', replay: '' },
  source: 'sensor_data@f81d4fae',
  owner: 'me',
  claims: [
    { partition: 1, epoch: 4 },
    { partition: 12, epoch: 7 },
  ],
};

/** What `LIKE` means, for the conditions that insertsInto writes. */
function matches(condition: string, id: string): boolean {
  const patterns = [...condition.matchAll(/LIKE '((?:[^'\\]|\\.)*)'/g)].map((match) => {
    const like = match[1]!.replaceAll('\\\\', '\\');
    const source = like.replaceAll(/\\[%_\\]|[.*+?^${}()|[\]\\]|%|_/g, (token) => {
      if (token === '%') return '.*';
      if (token === '_') return '.';
      return token.length === 2 ? token[1]! : `\\${token}`;
    });
    return new RegExp(`^${source}$`);
  });
  return patterns.some((pattern) => pattern.test(id));
}

describe('insertsInto', () => {
  const id = insertId(ownership, 3);
  const within = { database: 'default', table: ownership.table };

  it('finds the inserts of anyone into a partition, also among others', () => {
    expect(matches(insertsInto(within, ownership.source, [12]), id)).toBe(true);
    expect(matches(insertsInto(within, ownership.source, [0, 1]), id)).toBe(true);
  });

  it('leaves other partitions, sources, tables and databases of the server alone', () => {
    expect(matches(insertsInto(within, ownership.source, [2, 121, 11]), id)).toBe(false);
    expect(matches(insertsInto(within, 'sensor_data@other', [1]), id)).toBe(false);
    const others = [
      { ...within, table: { name: 'sensorXdata', replay: '' } },
      { ...within, table: { name: 'sensor_data', replay: '1a2b3c4d' } },
      { ...within, database: 'two' },
    ];
    for (const other of others) {
      expect(matches(insertsInto(other, ownership.source, [1]), id)).toBe(false);
    }
  });
});

describe('guard', () => {
  it('demands that every claim stands', () => {
    const text = guard(ownership);
    expect(text).toContain("(1, 4, 'me'), (12, 7, 'me')");
    expect(text).toContain('kafka_partition IN (1, 12)');
    expect(text).toMatch(/^throwIf\(\(SELECT count\(\) FROM[^]*!= 2 OR NOT [^]*, 'fenced'\) = 0$/);
  });

  it('demands that the table is the one that was claimed, and its claims are those of that table', () => {
    const text = guard({ ...ownership, table: { name: 'sensor_data', replay: '1a2b3c4d' } });
    expect(text).toContain("stream_table = 'replay_1a2b3c4d'");
    expect(text).toMatch(/name = 'sensor_data'\) WHERE id = '1a2b3c4d'\) = 1/);
    expect(guard(ownership)).toContain("stream_table = 'sensor_data'");
  });

  it('quotes its argument', () => {
    expect(guard({ ...ownership, owner: "o'brien\\" })).toContain("'o\\'brien\\\\'");
  });
});

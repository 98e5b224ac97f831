// How far a table is behind another: offsets are left until its position, or its dead letters, have come there.
import { describe, expect, it } from 'vitest';
import { offsetsLeft, seedsOf, stretches, type Positions } from './positions.ts';
import { answering } from '../test-clickhouse.ts';

const positions = (of: Readonly<Record<string, Readonly<Record<number, number>>>>): Positions =>
  new Map(
    Object.entries(of).map(([source, own]) => [
      source,
      new Map(Object.entries(own).map(([partition, next]) => [Number(partition), next])),
    ]),
  );
const filled = { table: 'beside', keySql: "'key'", letters: ['dead_letters', 'beside_dead'] };

describe('the difference between two tables', () => {
  it('is each partition from where the one stands to where the other does, and nothing of equal ones', () => {
    const target = positions({ a: { 0: 10, 1: 5, 2: 7 }, b: { 0: 3 } });
    const reached = positions({ a: { 0: 4, 1: 5, 2: 8 } });
    expect(stretches(target, reached)).toEqual([
      { source: 'a', partition: 0, first: 4, next: 10 },
      { source: 'b', partition: 0, first: 0, next: 3 },
    ]);
  });

  it('is nothing, without another question, where the table is as far', async () => {
    const { clickhouse, questions } = answering([[{ source: 'a', p: '0', o: '10' }]]);
    expect(await offsetsLeft(clickhouse, positions({ a: { 0: 10 } }), filled)).toBe(0);
    expect(questions).toHaveLength(1);
  });

  it('does not count a short end of which every offset is a dead letter', async () => {
    const target = positions({ a: { 0: 10, 1: 10 } });
    const reached = [
      { source: 'a', p: '0', o: '7' },
      { source: 'a', p: '1', o: '6' },
    ];
    const dead = [
      { source: 'a', p: '0', n: '3' },
      { source: 'a', p: '1', n: '3' },
    ];
    const { clickhouse, questions } = answering([reached, dead]);
    expect(await offsetsLeft(clickhouse, target, filled)).toBe(4);
    expect(questions[1]).toContain('FROM dead_letters');
    expect(questions[1]).toContain('FROM beside_dead');
    expect(questions[1]).toContain('kafka_offset >= 7 AND kafka_offset < 10');
  });

  it('keeps the dead letters of one partition apart from another with its number', async () => {
    const reached = [
      { source: 'a', p: '0', o: '8' },
      { source: 'b', p: '0', o: '8' },
    ];
    const dead = [{ source: 'b', p: '0', n: '2' }];
    const { clickhouse } = answering([reached, dead]);
    const target = positions({ a: { 0: 10 }, b: { 0: 10 } });
    expect(await offsetsLeft(clickhouse, target, filled)).toBe(2);
  });

  it('looks closely at a stretch of a thousand, and at no longer one', async () => {
    const dead = [{ source: 'a', p: '0', n: '1000' }];
    const short = answering([[], dead]);
    expect(await offsetsLeft(short.clickhouse, positions({ a: { 0: 1_000 } }), filled)).toBe(0);
    const long = answering([[], dead]);
    expect(await offsetsLeft(long.clickhouse, positions({ a: { 0: 1_001 } }), filled)).toBe(1_001);
    expect(long.questions).toHaveLength(1);
  });
});

it('seeds are floors of upgrades, by source and partition', async () => {
  const { clickhouse, questions } = answering([
    [
      { source: 'a', p: '0', o: '4' },
      { source: 'a', p: '2', o: '6' },
      { source: 'b', p: '0', o: '9' },
    ],
  ]);
  expect(await seedsOf(clickhouse, "'key'")).toEqual(positions({ a: { 0: 4, 2: 6 }, b: { 0: 9 } }));
  expect(questions[0]).toContain(`stream_table = 'key' AND reason = 'upgrade'`);
});

// What is noted of a landed batch, and what is said of the lag.
import { describe, expect, it } from 'vitest';
import { lagOf } from '../platform/kafka/partition-owner.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { logLines } from '../test/log-lines.ts';
import type { Batch, Span } from './batch.ts';
import { noteLanded } from './landed.ts';
import type { LaneMetrics } from './metrics.ts';
import { isBehind, reportLag, type PartitionState } from './partition.ts';
import type { Taken } from './table-takeover.ts';

const span = (given: Partial<Span>): Span => {
  const none = { absent: [], duplicates: [], unreadable: [] };
  return { first: 0, next: 1, rows: 0, dead: 0, ...none, ...given };
};
const state = (given: Partial<PartitionState>): PartitionState => {
  const known = { dead: new Set<number>(), origins: new Map<string, number>(), sought: undefined };
  return { position: 0, landed: 0, recorded: 0, end: 0, ...known, ...given };
};

function metricsOf() {
  const said: [string, number][] = [];
  const note = (name: string) => (value: number) => void said.push([name, value]);
  const metrics = {
    table: 'db.t',
    ...{ lag: note('lag'), hidden: note('hidden'), stalled: note('stalled') },
    flushed: (_: unknown, durationMs: number) => void said.push(['flushed', durationMs]),
  } as unknown as LaneMetrics;
  return { metrics, said };
}

const takenOf = (states: Map<number, PartitionState>): Taken =>
  ({ ownership: { source: 't@one' }, topicId: 'one', states }) as unknown as Taken;

describe('a landed batch', () => {
  const spans = new Map([
    [0, span({ first: 3, next: 8, rows: 4 })],
    [1, span({ first: 0, next: 2, unreadable: [{ first: 0, last: 1, why: 'corrupt' }] })],
    [9, span({ next: 5 })],
  ]);
  const counts = { block: { rows: 4 }, deadLetters: [{}], duplicates: 2, unreadable: 2, spans };
  const batch = counts as unknown as Batch;

  it('moves its partitions, and is a floor where it has no rows', () => {
    const states = new Map([[0, state({ recorded: 1, end: 10 })], [1, state({ end: 2 })]]); // prettier-ignore
    const { metrics, said } = metricsOf();
    const { lines, log } = logLines();
    noteLanded(batch, takenOf(states), 12.4, { logger: log, metrics, stream: sensorData });
    expect(states.get(0)).toMatchObject({ landed: 8, recorded: 1 });
    expect(states.get(1)).toMatchObject({ landed: 2, recorded: 2 });
    expect(said).toEqual([['flushed', 12.4], ['lag', 2]]); // prettier-ignore
    expect(lines[0]).toMatchObject({ level: 'error', partition: 1, first: 0, last: 1, why: 'corrupt' }); // prettier-ignore
    expect(lines[0]!.msg).toContain('partition 1 of t@one: the records at offsets 0 to 1');
    expect(lines[1]).toMatchObject({
      ...{ level: 'info', rows: 4, dead: 1, duplicates: 2, unreadable: 2, ms: 12, lag: 2 },
      offsets: { 0: '3-7', 1: '0-1', 9: '0-4' },
      msg: 'Inserted 4 rows into db.t, 1 dead letters, 2 duplicates left out, 2 unreadable offsets passed over in 12 ms, lag 2',
    });
  });

  it('says only of what there was', () => {
    const { lines, log } = logLines();
    const plain = { ...counts, deadLetters: [], duplicates: 0, unreadable: 0, spans: new Map() };
    const parts = { logger: log, metrics: metricsOf().metrics, stream: sensorData };
    noteLanded(plain as unknown as Batch, takenOf(new Map()), 1, parts);
    expect(lines.map(({ msg }) => msg)).toEqual(['Inserted 4 rows into db.t in 1 ms, lag 0']);
  });
});

describe('lag', () => {
  it('counts the records that have not landed, of every partition, and is never below zero', () => {
    expect(lagOf([state({ end: 9, landed: 4 }), state({ end: 3, landed: 5 })])).toBe(5);
    const { metrics, said } = metricsOf();
    reportLag(undefined, metrics);
    expect(said).toEqual([]);
    reportLag(new Map([[0, state({ end: 1 })]]), metrics);
    expect(said).toEqual([['lag', 1]]);
  });

  it('is not being behind: what was taken is on its way', () => {
    expect(isBehind([state({ position: 4, end: 4, landed: 0 })])).toBe(false);
    expect(isBehind([state({ position: 4, end: 4 }), state({ position: 3, end: 4 })])).toBe(true);
  });
});

// The unreadable records that an audit counts: the recorded ranges, without the offsets that landed all the
// same. That happens when a consumer dies between recording a range and writing the records before it, and
// the next one can read it: MAX_BATCH_INFLATED_BYTES was raised, or a disk was repaired.
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import type { Stream } from '../streams/stream.ts';
import { deadLetters } from '../streams/table.ts';
import { without, type OffsetRange } from './gap.ts';
import { quoted } from '../platform/clickhouse/quoted.ts';

/** The ranges by partition, of those that are `recorded`. */
export async function unreadableRanges(
  clickhouse: ClickHouse,
  stream: Stream,
  source: string,
  recorded: ReadonlyMap<number, readonly OffsetRange[]>,
): Promise<Map<number, OffsetRange[]>> {
  const found = new Map<number, OffsetRange[]>();
  for (const [partition, ranges] of recorded) {
    const landed = new Set<number>();
    for (const range of ranges) {
      for (const offset of await landedIn(clickhouse, stream, source, partition, range)) {
        landed.add(offset);
      }
    }
    found.set(
      partition,
      ranges.flatMap((range) => without(range, landed)),
    );
  }
  return found;
}

async function landedIn(
  clickhouse: ClickHouse,
  stream: Stream,
  source: string,
  partition: number,
  { first, last }: OffsetRange,
): Promise<number[]> {
  const here = `kafka_source = ${quoted(source)} AND kafka_partition = ${partition}
    AND kafka_offset BETWEEN ${first} AND ${last}`;
  const rows = await clickhouse.rows<{ o: string }>(
    `SELECT DISTINCT toString(kafka_offset) AS o FROM (
       SELECT kafka_offset FROM ${stream.table.name} WHERE ${here}
       UNION ALL
       SELECT kafka_offset FROM ${deadLetters.name} WHERE stream = ${quoted(stream.name)} AND ${here})`,
  );
  return rows.map(({ o }) => Number(o));
}

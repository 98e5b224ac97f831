// Copies the rows that a replay does not read again from the live table: those before its start, those of
// other topics, those whose records left the log meanwhile. In chunks that are one part each, so a chunk is
// there or not and the tables themselves say where to go on; the copied rows never change in the live table.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { UnavailableError } from '../../platform/errors.ts';
import type { Stream } from '../../streams/stream.ts';
import { ingestTime } from '../../streams/table.ts';
import type { ReplayFacts } from './plan.ts';
import type { ReplayTables } from './tables.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';

/** Offsets of a chunk: what the server holds in memory at once. */
const CHUNK_OFFSETS = 2_000_000;

/** Rows that arrived in one month, of one partition, of one range of offsets. */
interface Chunk {
  readonly name: string;
  readonly rows: number;
}

export interface CarryParts {
  readonly clickhouse: ClickHouse;
  readonly stream: Stream;
  readonly tables: ReplayTables;
  readonly guard: string;
  readonly nextQueryId: () => string;
  readonly progress: (rows: number, of: number) => void;
}

/**
 * Carries over what is missing; resolves to how many rows the filled table holds by that.
 * @throws {FencedError} another run took over. {UnavailableError | UnclearOutcomeError} run it again.
 */
export async function carryOver(parts: CarryParts, facts: ReplayFacts): Promise<number> {
  const { clickhouse, guard, nextQueryId, progress, stream, tables } = parts;
  const { kept, name } = carriedSql(stream, facts);
  const chunksIn = async (table: string): Promise<Chunk[]> => {
    const found = await clickhouse.rows<Record<'name' | 'n', string>>(
      `SELECT ${name} AS name, toString(count()) AS n FROM ${table} WHERE ${kept}
       GROUP BY name ORDER BY name`,
    );
    return found.map((row) => ({ name: row.name, rows: Number(row.n) }));
  };
  const due = await chunksIn(tables.live);
  const held = new Map((await chunksIn(tables.beside)).map((chunk) => [chunk.name, chunk.rows]));
  const all = due.reduce((sum, { rows }) => sum + rows, 0);
  let done = 0;
  for (const chunk of due) {
    const there = held.get(chunk.name) ?? 0;
    if (there > 0 && there < chunk.rows) {
      const text = `${tables.beside} holds ${there} of ${chunk.rows} rows of ${chunk.name}`;
      throw new UnavailableError(`${text}: drop this replay with --abandon and start again`);
    }
    if (there === 0) {
      await clickhouse.insert({
        statement: `INSERT INTO ${tables.beside} SELECT * FROM ${tables.live}
          WHERE ${kept} AND ${name} = ${quoted(chunk.name)} AND ${guard}`,
        body: [],
        rows: 0,
        queryId: nextQueryId(),
      });
    }
    done += chunk.rows;
    progress(done, all);
  }
  return all;
}

/** `kept`: is the row carried over? `name`: in which chunk? */
function carriedSql(stream: Stream, { carried, starts }: ReplayFacts) {
  const sources = new Set(starts.map(({ source }) => source));
  const again = [...sources].map((source) => {
    const own = starts.filter((start) => start.source === source);
    const partitions = own.map(({ partition }) => `toUInt16(${partition})`).join(', ');
    const offsets = own.map(({ offset }) => `toUInt64(${offset})`).join(', ');
    const start = `transform(kafka_partition, [${partitions}], [${offsets}], toUInt64(0))`;
    return `(kafka_source = ${quoted(source)} AND kafka_offset >= ${start})`;
  });
  // Offsets that left the log before they were read again lie above the start and are carried too.
  const gone = carried.map(({ first, last, partition, source }) => {
    return `(kafka_source = ${quoted(source)} AND kafka_partition = ${partition}
      AND kafka_offset BETWEEN ${first} AND ${last})`;
  });
  const spans = gone.map((condition, at) => `${condition}, ${at + 1}, `).join('');
  const span = gone.length === 0 ? '0' : `multiIf(${spans}0)`;
  const none = again.length === 0 ? '1' : `NOT (${again.join(' OR ')})`;
  const place = `if(kafka_source = '', toRelativeDayNum(${stream.eventTime}), intDiv(kafka_offset, ${CHUNK_OFFSETS}))`;
  const parts = [`toYYYYMM(${ingestTime.name})`, 'kafka_source', 'kafka_partition', span, place];
  return {
    kept: `(${[none, ...gone].join(' OR ')})`,
    name: `concatWithSeparator('/', ${parts.map((part) => `toString(${part})`).join(', ')})`,
  };
}

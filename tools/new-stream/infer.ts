// Asks the ClickHouse engine for the type of each column of a sample, and for the names that need no quotes.
// The engine runs in this process on a folder of its own that is deleted afterwards.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine, type Engine } from '../../embedded/clickhouse/engine.ts';
import type { Sample, SampledColumn } from './sample.ts';

export interface Inferred {
  /** ClickHouse's type of each column, undefined when no row has a value. */
  readonly types: readonly (string | undefined)[];
  /** The given names that ClickHouse would misread. */
  readonly misread: ReadonlySet<string>;
}

const FORMATS = { csv: 'CSV', json: 'JSONEachRow' } as const;
const SETTINGS = [
  'input_format_max_rows_to_read_for_schema_inference = 1000000',
  'input_format_max_bytes_to_read_for_schema_inference = 1000000000',
  'schema_inference_make_columns_nullable = 0',
  'input_format_try_infer_exponent_floats = 1',
  'input_format_csv_detect_header = 0',
].join(', ');

/** `names` are those that columns may get. */
export async function infer(sample: Sample, names: readonly string[]): Promise<Inferred> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-infer-'));
  try {
    const file = join(folder, 'sample');
    // Only values that are there: a column without any has no type, and an empty cell is of every type.
    const known = sample.columns.map(({ values }) => values.some((value) => value !== undefined));
    const columns = sample.columns.filter((_, index) => known[index]);
    await writeFile(file, sample.format === 'csv' ? commaSeparated(columns) : jsonLines(columns));
    const engine = await openEngine(join(folder, 'engine'));
    try {
      const described = engine.control(
        `DESCRIBE file('${file}', '${FORMATS[sample.format]}') SETTINGS ${SETTINGS}`,
      );
      const types = described.trimEnd().split('\n').map(typeOf);
      return {
        types: known.map((is) => (is ? types.shift() : undefined)),
        misread: new Set(names.filter((name) => !takesName(engine, name))),
      };
    } finally {
      await engine.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function typeOf(line: string): string {
  const [, type = ''] = JSON.parse(line) as string[];
  return type.replace(/^Nullable\((.*)\)$/s, '$1').replaceAll(/\s+/g, ' ');
}

/** Rows of cells, each a column called c1, c2 … by the engine; quoted ones would all be texts to it. */
function commaSeparated(columns: readonly SampledColumn[]): string {
  const cell = (value: unknown): string => {
    const text = (value as string | undefined) ?? '';
    return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rowsOf(columns, (values) => values.map(cell).join(','));
}

function jsonLines(columns: readonly SampledColumn[]): string {
  return rowsOf(columns, (values) =>
    // A null for what is not there, so that the columns come in this order.
    JSON.stringify(
      Object.fromEntries(values.map((value, index) => [`c${index + 1}`, value ?? null])),
    ),
  );
}

function rowsOf(
  columns: readonly SampledColumn[],
  line: (values: readonly unknown[]) => string,
): string {
  const count = columns[0]?.values.length ?? 0;
  const lines = Array.from({ length: count }, (_, row) =>
    line(columns.map(({ values }) => values[row])),
  );
  return `${lines.join('\n')}\n`;
}

/** Whether our statements, which write names bare, mean what they say with this one. */
function takesName(engine: Engine, name: string): boolean {
  const select = `SELECT ${name}, argMax(${name}, (${name}, 1)) AS latest_${name}, avg(${name}) AS mean
    FROM (SELECT 42 AS ${name}) WHERE ${name} IN ('42') GROUP BY ${name} ORDER BY ${name}`;
  try {
    engine.control(`CREATE TEMPORARY TABLE probe (${name} Int64 CODEC(ZSTD(1)))`);
    const answer = JSON.parse(engine.control(select)) as string[];
    return answer.every((value) => value === '42');
  } catch {
    return false;
  }
}

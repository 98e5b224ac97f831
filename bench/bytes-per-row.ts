// `npm run bench:storage`: the bytes on disk of a sensor row in the declared table, lineage columns and
// projection included, on the full-size data set. Fails above the promised figure.
import { createTable } from '../clickhouse_setup/ddl.ts';
import { readCommandLine } from '../platform/command-line.ts';
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { tableOf } from '../streams/table.ts';
import { benchStorageCommand } from './commands.ts';
import { startEngine } from './engine.ts';
import { insertBatch, sensorBatches, type Pace } from './sensor-batches.ts';

const BATCH_ROWS = 20_000;
const PROMISED_BYTES_PER_ROW = 9;

/** Bytes per row, by what takes them. */
interface Storage {
  readonly rows: number;
  readonly parts: number;
  readonly total: number;
  readonly ofColumn: Readonly<Record<string, number>>;
  readonly projection: number;
}

async function measure(clickhouse: ClickHouse, table: string): Promise<Storage> {
  const where = 'WHERE database = currentDatabase() AND table = {table:String} AND active';
  const [all] = await clickhouse.rows<Record<'rows' | 'parts' | 'bytes', number>>(
    `SELECT toFloat64(sum(rows)) AS rows, toFloat64(count()) AS parts,
       toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts ${where}`,
    { table },
  );
  const columns = await clickhouse.rows<{ column: string; bytes: number }>(
    `SELECT column, toFloat64(sum(column_bytes_on_disk)) AS bytes
     FROM system.parts_columns ${where} GROUP BY column`,
    { table },
  );
  const [projections] = await clickhouse.rows<{ bytes: number }>(
    `SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.projection_parts ${where}`,
    { table },
  );
  const { rows, parts, bytes } = all!;
  const ofColumn = Object.fromEntries(
    columns.map(({ column, bytes: own }) => [column, own / rows]),
  );
  return { rows, parts, total: bytes / rows, ofColumn, projection: projections!.bytes / rows };
}

async function load(clickhouse: ClickHouse, pace: Pace): Promise<Record<string, Storage>> {
  const declared = { ...tableOf(sensorData), name: `sensor_data_${pace}` };
  await clickhouse.command(createTable(declared));
  await clickhouse.command(`SYSTEM STOP MERGES ${declared.name}`);
  let sent = 0;
  for (const batch of sensorBatches(pace, BATCH_ROWS)) {
    await insertBatch(clickhouse, declared.name, batch, `bench-${pace}-${sent}`);
    sent += batch.rows;
  }
  const unmerged = await measure(clickhouse, declared.name);
  await clickhouse.command(`SYSTEM START MERGES ${declared.name}`);
  await clickhouse.command(`OPTIMIZE TABLE ${declared.name} FINAL`);
  const merged = await measure(clickhouse, declared.name);
  if (merged.rows !== sent) throw new Error(`${merged.rows} rows in the table, ${sent} sent`);
  return { [`${pace}, as inserted`]: unmerged, [`${pace}, merged`]: merged };
}

function print(measured: Readonly<Record<string, Storage>>): void {
  const columns = tableOf(sensorData).columns.map(({ name }) => name);
  const head = ['bytes per row', ...Object.keys(measured)];
  const all = Object.values(measured);
  const lines = [
    ...columns.map((name) => [name, ...all.map(({ ofColumn }) => figure(ofColumn[name]))]),
    ['projection', ...all.map(({ projection }) => figure(projection))],
    ['TOTAL on disk', ...all.map(({ total }) => figure(total))],
    ['rows', ...all.map(({ rows }) => String(rows))],
    ['parts', ...all.map(({ parts }) => String(parts))],
  ];
  const [first, ...rest] = head;
  const row = (name: string, cells: readonly string[]): string =>
    [name.padEnd(16), ...cells.map((cell, at) => cell.padStart(rest[at]!.length))].join('  ');
  process.stdout.write(`${row(first!, rest)}\n`);
  for (const [name, ...cells] of lines) process.stdout.write(`${row(name!, cells)}\n`);
}

function figure(bytes: number | undefined): string {
  // Small parts keep all columns in one file, which has no figure for each.
  return bytes === undefined || bytes === 0 ? '-' : bytes.toFixed(3);
}

readCommandLine(benchStorageCommand);
await using engine = await startEngine();
const measured = {
  ...(await load(engine.clickhouse, 'replay')),
  ...(await load(engine.clickhouse, 'live')),
};
print(measured);
for (const [name, { total }] of Object.entries(measured)) {
  if (!name.endsWith('merged') || total <= PROMISED_BYTES_PER_ROW) continue;
  process.stderr.write(`${name}: ${total.toFixed(2)} bytes per row, promised are 9\n`);
  process.exitCode = 1;
}

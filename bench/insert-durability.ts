// The cost of having every inserted part on the disk before its acknowledgement, at the sizes the consumer
// inserts. The settings alternate, so that other work on the machine affects all alike.
import { createTable } from '../clickhouse_setup/ddl.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { tableOf } from '../streams/table.ts';
import { startEngine } from './engine.ts';
import { insertBatch, sensorBatches } from './sensor-batches.ts';

const SETTINGS: Readonly<Record<string, string>> = {
  none: 'fsync_after_insert = 0, fsync_part_directory = 0',
  file: 'fsync_after_insert = 1, fsync_part_directory = 0',
  'file+folder': 'fsync_after_insert = 1, fsync_part_directory = 1',
};
const SIZES = [
  { rows: 100, rounds: 200 },
  { rows: 50_000, rounds: 30 },
];

await using engine = await startEngine();
const { clickhouse } = engine;
const declared = tableOf(sensorData);
for (const [at, settings] of Object.values(SETTINGS).entries()) {
  await clickhouse.command(createTable({ ...declared, name: `durable_${at}` }));
  await clickhouse.command(`ALTER TABLE durable_${at} MODIFY SETTING ${settings}`);
}
process.stdout.write('rows per insert  synced       p10 ms  p50 ms  p90 ms\n');
for (const { rows, rounds } of SIZES) {
  const [batch] = sensorBatches('replay', rows).take(1);
  const tookMs: number[][] = Object.keys(SETTINGS).map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, took] of tookMs.entries()) {
      const startedMs = performance.now();
      await insertBatch(clickhouse, `durable_${at}`, batch!, `durable-${rows}-${round}-${at}`);
      took.push(performance.now() - startedMs);
    }
  }
  for (const [at, name] of Object.keys(SETTINGS).entries()) {
    const sorted = tookMs[at]!.toSorted((a, b) => a - b);
    const cells = [0.1, 0.5, 0.9].map((share) => sorted[Math.floor(share * rounds)]!.toFixed(1));
    const line = [String(rows).padStart(15), name.padEnd(11), ...cells.map((c) => c.padStart(6))];
    process.stdout.write(`${line.join('  ')}\n`);
  }
}

// Child process: one producer replays a file as fast as Kafka acknowledges it (`INTERVAL_MS=0`), and prints how fast
// that was. Arguments: topic, rows at most, which producer, path of the file, which is read again until there are
// enough rows. Without a file it makes one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSensorCsv } from '../data/generate.ts';
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { environment } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { readProducerConfig } from '../producers/config.ts';
import { start } from '../producers/main.ts';

/** The device that sends most: nearly half of all rows. */
const DEVICE = 'producer_C';
const [topic = '', rows = '100000', PRODUCER = DEVICE, given] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-bench-'));
const out = given ?? join(folder, 'sensor_data.csv');
if (given === undefined) {
  await writeSensorCsv({ rows: 3 * Number(rows), seed: DEFAULT_SEED, out });
}
const config = readProducerConfig({
  ...environment(),
  KAFKA_TOPIC: topic,
  PRODUCER,
  DATA_PATH: out,
  ROW_LIMIT: rows,
  INTERVAL_MS: '0',
  LOOP: 'true',
  PRODUCER_METRICS_PORT: '0',
});
const startedAt = performance.now();
const producer = await start(config, { log: silentLog() });
await producer.ended;
const sec = (performance.now() - startedAt) / 1_000;
const { sent } = await producer.account;
await rm(folder, { recursive: true });
process.stdout.write(`${JSON.stringify({ sec, rowsPerSec: sent / sec })}\n`);
process.exit(0);

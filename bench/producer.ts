// Child process: one producer replays a device's rows of the full-size data as fast as Kafka
// acknowledges them (`INTERVAL_MS=0`), and prints how fast that was. Arguments: topic, rows at most.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSensorCsv } from '../data/generate.ts';
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { environment } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { readProducerConfig } from '../producers/config.ts';
import { start } from '../producers/main.ts';

const [topic = '', rows = '100000'] = process.argv.slice(2);
/** The device that sends most: nearly half of all rows. */
const PRODUCER = 'producer_C';
const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-bench-'));
const out = join(folder, 'sensor_data.csv');
await writeSensorCsv({ rows: 3 * Number(rows), seed: DEFAULT_SEED, out });
const config = readProducerConfig({
  ...environment(),
  KAFKA_TOPIC: topic,
  PRODUCER,
  DATA_PATH: out,
  ROW_LIMIT: rows,
  INTERVAL_MS: '0',
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

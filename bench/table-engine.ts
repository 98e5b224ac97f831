// Child process, the peer: ClickHouse's own Kafka table engine and a materialized view drain the same
// topic into the same table in the same engine, at least once. Arguments: topic, messages.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { clickhouseTarget, clickhouseVariables } from '../platform/clickhouse/variables.ts';
import { readConfig } from '../platform/config.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { isField, type EventShape } from '../streams/stream.ts';
import { sensorData } from '../streams/sensor-data.ts';

const [topic = '', count = '0'] = process.argv.slice(2);
const variables = { ...clickhouseVariables, ...kafkaVariables };
const config = readConfig(variables);
const table = sensorData.table.name;

const READ_AS = {
  text: 'String',
  message: 'String',
  float64: 'Float64',
  integer: 'Int64',
  boolean: 'Bool',
  instant: 'Float64',
} as const;

/** The event as ClickHouse reads it from JSON: nested objects are tuples. */
function structure(shape: EventShape): string {
  return Object.entries(shape)
    .map(([name, child]) => {
      if (!isField(child)) return `${name} Tuple(${structure(child)})`;
      return `${name} ${READ_AS[child.kind]}`;
    })
    .join(', ');
}

await using clickhouse = new ClickHouse(clickhouseTarget(config), 'bench');
const columns = sensorData.columns.map(({ field, name, path }) => {
  const value = path.join('.');
  return `${field.kind === 'instant' ? `toDateTime64(${value}, 3, 'UTC')` : value} AS ${name}`;
});
await clickhouse.command(`CREATE TABLE bench_queue (${structure(sensorData.event)}) ENGINE = Kafka
  SETTINGS kafka_broker_list = '${config.KAFKA_BROKER}', kafka_topic_list = '${topic}',
    kafka_group_name = 'table-engine-${process.pid}', kafka_format = 'JSONEachRow'`);
await clickhouse.command(`CREATE MATERIALIZED VIEW bench_view TO ${table} AS
  SELECT ${columns.join(', ')}, concat(_topic, '@table-engine') AS kafka_source,
    toUInt16(_partition) AS kafka_partition, _offset AS kafka_offset,
    toDateTime64(assumeNotNull(_timestamp_ms), 3, 'UTC') AS kafka_timestamp
  FROM bench_queue`);
let startedAt = 0;
try {
  for (;;) {
    const [found] = await clickhouse.rows<{ rows: string | number }>(
      `SELECT count() AS rows FROM ${table}`,
    );
    const rows = Number(found?.rows ?? 0);
    if (startedAt === 0 && rows > 0) startedAt = performance.now();
    if (rows >= Number(count)) break;
    await sleep(20);
  }
} finally {
  await clickhouse.command('DROP VIEW bench_view');
  await clickhouse.command('DROP TABLE bench_queue');
}
const sec = (performance.now() - startedAt) / 1_000;
process.stdout.write(`${JSON.stringify({ sec, rowsPerSec: Number(count) / sec })}\n`);

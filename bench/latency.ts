// Child process: sends events at a steady rate and measures how long each takes until a query sees
// it, with the consumer at its defaults. Arguments: topic, events per second, seconds.
import { setTimeout as sleep } from 'node:timers/promises';
import { consumerVariables } from '../consumer/config.ts';
import { start } from '../consumer/main.ts';
import { sensorEvents } from '../data/device-model.ts';
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { clickhouseTarget } from '../platform/clickhouse/variables.ts';
import { environment, readConfig } from '../platform/config.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { silentLog } from '../platform/log.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { quantile } from './usage.ts';

const [topic = '', rate = '15', seconds = '10'] = process.argv.slice(2);
const perSec = Number(rate);
const TICK_MS = 20;
const POLL_MS = 5;

/** The broker takes 1 MB a partition and request; after a pause more than that can be due. */
const MOST_PER_REQUEST = 6_000;

interface Sent {
  readonly partition: number;
  readonly first: number;
  readonly count: number;
  readonly atMs: number;
}

const config = readConfig(consumerVariables, {
  ...environment(),
  STREAMS: 'sensor_data',
  KAFKA_TOPIC: topic,
  KAFKA_GROUP: `latency-${process.pid}`,
  METRICS_PORT: '0',
});
await using clickhouse = new ClickHouse(clickhouseTarget(config), 'bench');
const events = sensorEvents(DEFAULT_SEED).take(10_000).toArray();
let next = 0;
const producer = createKafka(config, silentLog(), 'latency').producer({ idempotent: true });
await producer.connect();
const consumer = await start(config, silentLog());
// One event first: joining the group and the takeover are not what is measured.
await send(1);
while (consumer.totals().inserted === 0) await sleep(20);

async function send(count: number): Promise<Sent[]> {
  const atMs = performance.now();
  const byPartition = Map.groupBy(Array.from({ length: count }), () => next++ % 3);
  const topicMessages = [...byPartition].map(([partition, slots]) => {
    const value = (index: number): string => JSON.stringify(events[(next + index) % events.length]);
    return slots.map((_, index) => ({ partition, value: value(index) }));
  });
  const results = await producer.send({ topic, messages: topicMessages.flat(), acks: -1 });
  return results.map(({ baseOffset, partition }) => {
    const slots = byPartition.get(partition) ?? [];
    return { partition, first: Number(baseOffset), count: slots.length, atMs };
  });
}

const waiting: Sent[] = [];
const latenciesMs: number[] = [];
let sending = true;

async function watch(): Promise<void> {
  while (sending || waiting.length > 0) {
    const rows = await clickhouse.rows<{ p: number; max: string | number }>(
      `SELECT kafka_partition AS p, max(kafka_offset) AS max FROM ${sensorData.table.name}
       WHERE kafka_source LIKE '${topic}@%' GROUP BY kafka_source, kafka_partition`,
    );
    const nowMs = performance.now();
    const seen = new Map(rows.map(({ max, p }) => [p, Number(max)]));
    for (const sent of waiting.splice(0)) {
      if ((seen.get(sent.partition) ?? -1) < sent.first + sent.count - 1) waiting.push(sent);
      else for (let each = 0; each < sent.count; each += 1) latenciesMs.push(nowMs - sent.atMs);
    }
    await sleep(POLL_MS);
  }
}

const watching = watch();
const startedAt = performance.now();
for (let sent = 0; performance.now() - startedAt < Number(seconds) * 1_000;) {
  const late = Math.floor(((performance.now() - startedAt) / 1_000) * perSec) - sent;
  const due = Math.min(late, MOST_PER_REQUEST);
  if (due > 0) {
    waiting.push(...(await send(due)));
    sent += due;
  }
  await sleep(TICK_MS);
}
sending = false;
await watching;
const sec = (performance.now() - startedAt) / 1_000;
const p50Ms = quantile(latenciesMs, 0.5);
const p99Ms = quantile(latenciesMs, 0.99);
const rowsPerSec = latenciesMs.length / sec;
process.stdout.write(`${JSON.stringify({ sec, rowsPerSec, p50Ms, p99Ms })}\n`);
await producer.disconnect();
await consumer[Symbol.asyncDispose]();
process.exit(0);

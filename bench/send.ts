// Child process: sends records whose values are ready, as ProducerPerformance does, through our sender, and prints
// how fast that was. Arguments: topic, records, path of the values (JSON, a line each), the member that is the key.
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { readConfig } from '../platform/config.ts';
import { partitionOfKey } from '../platform/kafka/key-partition.ts';
import { RecordBatchWriter } from '../platform/kafka/record-batch-writer.ts';
import { Sender } from '../platform/kafka/sender.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { silentLog } from '../platform/log.ts';

const BATCH_BYTES = 512 * 1_024;
const [topic = '', count = '0', path = '', keyName = 'device_id'] = process.argv.slice(2);
const values = readFileSync(path).toString().trimEnd().split('\n').map((line) => Buffer.from(line)); // prettier-ignore
const keys = values.map((value) => {
  return Buffer.from((JSON.parse(value.toString()) as Record<string, string>)[keyName]!);
});
const { signal } = new AbortController();
await using sender = new Sender(readConfig(kafkaVariables), {
  clientId: 'bench',
  log: silentLog(),
});
await sender.open(topic, { stop: signal });
const lanes = Array.from({ length: await sender.partitionsOf(topic) }, () => {
  const done = Promise.resolve();
  return { writer: new RecordBatchWriter(), sending: done, queued: done };
});

async function send(partition: number): Promise<void> {
  const batch = lanes[partition]!.writer.seal(partition, 'lz4');
  const delivery = await sender.send(topic, batch, signal);
  if (delivery.kind !== 'sent') throw delivery.cause;
}

const startedAt = performance.now();
for (let sent = 0; sent < Number(count); sent += 1) {
  const key = keys[sent % keys.length]!;
  const value = values[sent % values.length]!;
  const partition = partitionOfKey(key, 0, key.length, lanes.length);
  const lane = lanes[partition]!;
  if (lane.writer.size + value.length + 100 > BATCH_BYTES) {
    // One batch is on its way and one waits, so that compressing it costs the broker no time.
    await lane.sending;
    lane.sending = lane.queued;
    lane.queued = send(partition);
    await turn();
  }
  lane.writer.append(key, 0, key.length, value, 0, value.length, Date.now());
}
await Promise.all(lanes.map(({ queued }) => queued));
const open = [...lanes.keys()].filter((at) => lanes[at]!.writer.count > 0);
await Promise.all(open.map(send));
const sec = (performance.now() - startedAt) / 1_000;
process.stdout.write(`${JSON.stringify({ sec, rowsPerSec: Number(count) / sec })}\n`);
process.exit(0);

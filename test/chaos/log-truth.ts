// The second oracle: reads a topic with a consumer of its own and works out, with nothing of the
// consumer but the declared validator, what the tables must hold: rows, dead letters, checksum.
import { randomBytes } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';
import { isUtf8 } from 'node:buffer';
import { compileRowChecksum } from '../../streams/checksum.ts';
import { reject, type RejectionReason } from '../../streams/rejection.ts';
import { compileValidator, type RowValues } from '../../streams/validate.ts';
import { kafkaClient } from '../backend/clients.ts';
import { stream } from './messages.ts';
import { PATIENCE_MS } from './patience.ts';

export interface PartitionTruth {
  good: number;
  /** Reason by offset. */
  readonly dead: Map<number, RejectionReason>;
  checksum: bigint;
}

const rowChecksum = compileRowChecksum(stream);
const validate = compileValidator(stream);

/** Reads what the log holds now, from its start to its end. */
export async function readTruth(
  bootstrap: string,
  topic: string,
  maxMessageBytes = 1_048_576,
): Promise<Map<number, PartitionTruth>> {
  const truths = new Map<number, PartitionTruth>();
  await readLog(bootstrap, topic, (partition, message) => {
    const truth = truths.get(partition) ?? { good: 0, dead: new Map(), checksum: 0n };
    truths.set(partition, truth);
    const verdict = judge(message, maxMessageBytes);
    if (typeof verdict === 'string') truth.dead.set(Number(message.offset), verdict);
    else {
      truth.good += 1;
      truth.checksum += BigInt(verdict);
    }
  });
  return truths;
}

/** Calls `each` for every message that the log holds now, in order within a partition. */
export async function readLog(
  bootstrap: string,
  topic: string,
  each: (partition: number, message: KafkaMessage) => void,
): Promise<void> {
  const kafka = kafkaClient(bootstrap);
  const admin = kafka.admin();
  const groupId = `truth-${randomBytes(6).toString('hex')}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 50,
    maxBytesPerPartition: 8_000_000,
  });
  await admin.connect();
  const ends = new Map<number, number>();
  for (const { high, low, partition } of await admin.fetchTopicOffsets(topic)) {
    if (Number(high) > Number(low)) ends.set(partition, Number(high));
  }
  await admin.disconnect();
  if (ends.size === 0) return;
  const done = Promise.withResolvers<undefined>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) done.reject(payload.error);
  });
  const reached = (partition: number, last: number): void => {
    if (last + 1 >= (ends.get(partition) ?? Infinity)) ends.delete(partition);
    if (ends.size === 0) done.resolve(undefined);
  };
  // Also for batches of nothing but markers, which reach nobody else.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    reached(payload.partition, Number(payload.lastOffset));
  });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      const end = ends.get(batch.partition);
      if (end === undefined) return Promise.resolve();
      for (const message of batch.messages) {
        if (Number(message.offset) < end) each(batch.partition, message);
      }
      return Promise.resolve();
    },
  });
  const timer = setTimeout(
    () => done.reject(new Error(`reading ${topic} takes too long`)),
    PATIENCE_MS,
  );
  try {
    await done.promise;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
}

function judge({ timestamp, value }: KafkaMessage, maxBytes: number): number | RejectionReason {
  if (value === null) return 'tombstone';
  if (value.length > maxBytes) return 'too_large';
  if (value.length === 0) return 'empty_value';
  if (!isUtf8(value)) return 'invalid_utf8';
  let event: unknown;
  try {
    event = JSON.parse(value.toString('utf8'));
  } catch {
    return value.includes('NaN') ? 'not_finite' : 'invalid_json';
  }
  const row: RowValues = [];
  const rejection = validate(event, Number(timestamp), row) ?? (row.length > 0 ? undefined : reject('missing_field')); // prettier-ignore
  return rejection === undefined ? rowChecksum(row) : rejection.reason;
}

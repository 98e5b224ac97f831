// Asks the broker for the first offset of each partition at or after a given time.
import { silentLog } from '../log.ts';
import { createKafka } from './client.ts';
import { kafkaFailure } from './failure.ts';
import type { KafkaConfig } from './variables.ts';

/** Few enough that a command that cannot reach Kafka says so within seconds. */
const RETRIES = 2;

/**
 * By partition: the offset of the first record whose Kafka timestamp is `timestampMs` (epoch
 * milliseconds) or later; one past the last record where there is none.
 * @throws {UnavailableError | ConfigError}
 */
export async function offsetsAtTime(
  config: KafkaConfig,
  topic: string,
  timestampMs: number,
  clientId: string,
): Promise<Map<number, number>> {
  const admin = createKafka(config, silentLog(), clientId, RETRIES).admin();
  try {
    await admin.connect();
    const found = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs);
    return new Map(found.map(({ offset, partition }) => [partition, Number(offset)]));
  } catch (error) {
    throw kafkaFailure(error, `Kafka: offsets of ${topic} by time`);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

// Reads the state of a topic from outside, and changes nothing: its differences from the declaration and the
// age of its newest record.
import { createAdmin } from './admin.ts';
import { createKafka } from './client.ts';
import { kafkaFailure } from './failure.ts';
import { listOffsetsOfLeaders } from './leaders.ts';
import { assertKafka } from './speaks-kafka.ts';
import { describeTopic, differences, type DeclaredTopic } from './topics.ts';
import type { KafkaConfig } from './variables.ts';
import { silentLog } from '../log.ts';

export interface TopicState {
  readonly partitions: number;
  /** As {@link differences} says them. */
  readonly differences: readonly string[];
  /** Timestamp of the newest record, epoch milliseconds; undefined for an empty topic. */
  readonly newestMs: number | undefined;
}

const RETRIES = 1;
/** ListOffsets answers it with the record of the greatest timestamp. */
const GREATEST_TIMESTAMP = -3n;

/**
 * The state of a topic, undefined when it does not exist.
 * @throws {UnavailableError | ConfigError}
 */
export async function readTopicState(
  config: KafkaConfig,
  declared: DeclaredTopic,
): Promise<TopicState | undefined> {
  await assertKafka(config);
  const admin = createKafka(config, silentLog(), 'sensorhouse-doctor', RETRIES).admin();
  try {
    await admin.connect();
    const topic = declared.name;
    if (!(await admin.listTopics()).includes(topic)) return undefined;
    const found = await describeTopic(admin, topic);
    return {
      partitions: found.partitions,
      differences: differences(declared, found),
      newestMs: await newestMs(config, topic, found.partitions),
    };
  } catch (error) {
    throw kafkaFailure(error, 'Kafka');
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function newestMs(
  config: KafkaConfig,
  name: string,
  partitions: number,
): Promise<number | undefined> {
  const admin = createAdmin(config, 'sensorhouse-doctor');
  try {
    const asked = Array.from({ length: partitions }, (_, partitionIndex) => {
      return { partitionIndex, timestamp: GREATEST_TIMESTAMP };
    });
    const [topic] = await listOffsetsOfLeaders(admin, { topics: [{ name, partitions: asked }] });
    const times = (topic?.partitions ?? []).map(({ timestamp }) => Number(timestamp));
    const newest = Math.max(...times);
    return newest >= 0 ? newest : undefined;
  } finally {
    await admin.close();
  }
}

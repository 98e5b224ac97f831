// Creates the declared topics and reports where existing ones differ. It never changes a topic that
// exists: more partitions would move keys, shorter retention would delete records.
import kafkajs from 'kafkajs';
import type { TopicStream } from '../../streams/stream.ts';
import type { Kafka } from './client.ts';
import { kafkaFailure } from './failure.ts';

export type DeclaredTopic = TopicStream['topic'];

export interface TopicReport {
  readonly topic: string;
  readonly created: boolean;
  readonly partitions: number;
  /** Each difference in words with the command that would remove it; empty when all is as declared. */
  readonly differences: readonly string[];
}

export interface FoundTopic {
  readonly partitions: number;
  readonly retentionMs: string | undefined;
  readonly cleanupPolicy: string | undefined;
  readonly maxMessageBytes: string | undefined;
}

const SETTINGS = ['retention.ms', 'cleanup.policy', 'max.message.bytes'];
const TOPIC_RESOURCE = kafkajs.ConfigResourceTypes.TOPIC;

/**
 * Makes sure that every declared topic exists. Idempotent, and safe beside another process doing
 * the same.
 * @throws {ConfigError} when Kafka refuses: credentials, rights, an invalid name.
 * @throws {UnavailableError} when Kafka cannot be reached or has too few brokers now.
 */
export async function ensureTopics(
  kafka: Kafka,
  topics: readonly DeclaredTopic[],
  replicationFactor = 1,
): Promise<TopicReport[]> {
  return administering(kafka, async (admin) => {
    const reports: TopicReport[] = [];
    for (const topic of topics) reports.push(await ensureTopic(admin, topic, replicationFactor));
    return reports;
  });
}

/**
 * The topics of these names that exist, as the broker describes them. Changes nothing.
 * @throws {ConfigError | UnavailableError} as {@link ensureTopics}.
 */
export async function describeTopics(
  kafka: Kafka,
  names: readonly string[],
): Promise<Map<string, FoundTopic>> {
  return administering(kafka, async (admin) => {
    const existing = await admin.listTopics();
    const found = new Map<string, FoundTopic>();
    for (const name of names.filter((each) => existing.includes(each))) {
      found.set(name, await describeTopic(admin, name));
    }
    return found;
  });
}

/** The names of all topics that this login may see. @throws {ConfigError | UnavailableError} */
export async function listedTopics(kafka: Kafka): Promise<string[]> {
  return administering(kafka, (admin) => admin.listTopics());
}

async function administering<T>(
  kafka: Kafka,
  work: (admin: kafkajs.Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin({ retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 2 } });
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw kafkaFailure(error, 'Kafka topics');
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function ensureTopic(
  admin: kafkajs.Admin,
  topic: DeclaredTopic,
  replicationFactor: number,
): Promise<TopicReport> {
  // Listing instead of asking for the topic's metadata: that would create it with the broker's
  // defaults where auto.create.topics.enable is on.
  if (!(await admin.listTopics()).includes(topic.name)) {
    const created = await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic: topic.name,
          numPartitions: topic.partitions,
          replicationFactor,
          configEntries: [
            { name: 'retention.ms', value: String(topic.retentionMs) },
            { name: 'cleanup.policy', value: 'delete' },
            ...(topic.maxMessageBytes === undefined
              ? []
              : [{ name: 'max.message.bytes', value: String(topic.maxMessageBytes) }]),
          ],
        },
      ],
    });
    if (created) {
      return { topic: topic.name, created, partitions: topic.partitions, differences: [] };
    }
  }
  const found = await describeTopic(admin, topic.name);
  const { partitions } = found;
  return { topic: topic.name, created: false, partitions, differences: differences(topic, found) };
}

/** A topic that exists, as the broker describes it. @throws whatever kafkajs throws. */
export async function describeTopic(admin: kafkajs.Admin, name: string): Promise<FoundTopic> {
  const metadata = await admin.fetchTopicMetadata({ topics: [name] });
  const configs = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: TOPIC_RESOURCE, name, configNames: SETTINGS }],
  });
  const entries = configs.resources[0]?.configEntries ?? [];
  const valueOf = (key: string): string | undefined =>
    entries.find(({ configName }) => configName === key)?.configValue;
  return {
    partitions: metadata.topics[0]?.partitions.length ?? 0,
    retentionMs: valueOf('retention.ms'),
    cleanupPolicy: valueOf('cleanup.policy'),
    maxMessageBytes: valueOf('max.message.bytes'),
  };
}

/** What differs between a declared topic and the one that exists, in words. */
export function differences(declared: DeclaredTopic, found: FoundTopic): string[] {
  const { name, partitions, retentionMs } = declared;
  const said: string[] = [];
  if (found.partitions < partitions) {
    said.push(
      `topic ${name} has ${found.partitions} of ${partitions} declared partitions; adding some ` +
        `sends keys to other partitions; to do it: kafka-topics.sh --bootstrap-server BROKER ` +
        `--alter --topic ${name} --partitions ${partitions}`,
    );
  }
  if (found.retentionMs !== undefined && found.retentionMs !== String(retentionMs)) {
    said.push(
      `topic ${name} keeps records for ${found.retentionMs} ms, declared are ${retentionMs}; ` +
        configCommand(name, `retention.ms=${retentionMs}`),
    );
  }
  const { maxMessageBytes = 0 } = declared;
  if (found.maxMessageBytes !== undefined && Number(found.maxMessageBytes) < maxMessageBytes) {
    said.push(
      `topic ${name} takes batches of ${found.maxMessageBytes} bytes, declared are ${maxMessageBytes}: ` +
        `larger records are refused; ${configCommand(name, `max.message.bytes=${maxMessageBytes}`)}`,
    );
  }
  if (found.cleanupPolicy?.includes('compact') === true) {
    said.push(
      `topic ${name} is compacted: Kafka drops older records of a key, so rows will be missing; ` +
        configCommand(name, 'cleanup.policy=delete'),
    );
  }
  return said;
}

function configCommand(topic: string, entry: string): string {
  return (
    `to change it: kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics ` +
    `--entity-name ${topic} --add-config ${entry}`
  );
}

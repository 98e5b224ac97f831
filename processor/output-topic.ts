// The topic that a person named for a processor's output. Setup creates declared topics; this one creates the
// others, so that `--to-topic` takes any name.
import { ConfigError } from '../platform/errors.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { ensureTopics, listedTopics } from '../platform/kafka/topics.ts';
import type { Logger } from '../platform/log.ts';
import { Availability, untilAvailable } from '../platform/retry.ts';
import { topicStreams } from '../streams/index.ts';
import type { Transform } from '../streams/transform.ts';
import type { ProcessorConfig } from './config.ts';

/** As many as the broker gives topics by default. */
const BROKER_DEFAULT = -1;

/**
 * Creates the topic that PROCESSOR_TO_TOPIC names if no stream declares it and it does not exist, with the
 * partitions and the retention of the transform's declared output; waits while Kafka is away.
 * @throws {ConfigError} when Kafka refuses, with the command that creates it. @throws the signal's reason.
 */
export async function prepareOutput(
  config: ProcessorConfig,
  { outputs }: Transform,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { PROCESSOR_TO_TOPIC: topic } = config;
  if (topic === undefined || topicStreams.some((stream) => stream.topic.name === topic)) return;
  const declared = { ...outputs[0].topic, name: topic };
  const kafka = createKafka(config, log, 'sensorhouse-processor');
  // Whoever may only write to a topic that exists need not be allowed to ask for its settings.
  const create = async () =>
    (await listedTopics(kafka)).includes(topic)
      ? []
      : ensureTopics(kafka, [declared], BROKER_DEFAULT);
  try {
    const reports = await untilAvailable(create, new Availability('Kafka', log), signal);
    if (reports.some(({ created }) => created)) {
      log.info({ topic }, `created topic ${topic} with ${declared.partitions} partitions`);
    }
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const command = `kafka-topics.sh --bootstrap-server BROKER --create --topic ${topic} --partitions ${declared.partitions}`;
    throw new ConfigError(`${topic}: ${cause.message}; to create it: ${command}`, { cause });
  }
}

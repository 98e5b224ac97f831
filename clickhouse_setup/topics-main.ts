// The program behind `npm run topics`: creates the declared topics that are missing, or only looks, and says
// what differs.
import { flagOption, type CommandLine } from '../platform/command-line.ts';
import { readConfig, type Config } from '../platform/config.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { assertKafka } from '../platform/kafka/speaks-kafka.ts';
import { describeTopics, ensureTopics } from '../platform/kafka/topics.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { silentLog } from '../platform/log.ts';
import { oneShot, runProgram } from '../platform/service.ts';
import { declaredTopics, topicsReport } from './topics.ts';
import { setupVariables } from './variables.ts';

export const topicsVariables = {
  ...kafkaVariables,
  KAFKA_TOPIC: setupVariables.KAFKA_TOPIC,
  KAFKA_REPLICATION_FACTOR: setupVariables.KAFKA_REPLICATION_FACTOR,
} as const;

export type TopicsConfig = Config<typeof topicsVariables>;

export const topicsCommand = {
  about: 'Creates the declared topics that are missing, and says what differs.',
  command: 'npm run topics',
  options: { check: flagOption('create nothing; exit code 1 if a topic is missing or differs') },
  variables: topicsVariables,
  exitCodes: { 1: 'with --check, a topic is missing or differs', 3: 'Kafka is away' },
} as const satisfies CommandLine;
/** Few enough that a command that cannot reach Kafka says so within seconds. */
const RETRIES = 1;

/** Creates what is missing, unless it is only to `check`, and prints how the topics are. */
export async function topics(
  config: TopicsConfig,
  { check }: { readonly check: boolean },
  print: (text: string) => void,
): Promise<0 | 1> {
  const declared = declaredTopics(config.KAFKA_TOPIC);
  await assertKafka(config);
  const kafka = createKafka(config, silentLog(), 'sensorhouse-topics', RETRIES);
  const reports = check ? [] : await ensureTopics(kafka, declared, config.KAFKA_REPLICATION_FACTOR);
  const created = reports.filter((report) => report.created).map(({ topic }) => topic);
  const names = declared.map(({ name }) => name);
  const report = topicsReport(declared, await describeTopics(kafka, names), new Set(created));
  print(report.text);
  return check && !report.agrees ? 1 : 0;
}

if (import.meta.main) {
  await runProgram(topicsCommand, ({ values }) => {
    const config = readConfig(topicsVariables);
    const print = (text: string): void => void process.stdout.write(text);
    return Promise.resolve(oneShot(topics(config, values, print)));
  });
}

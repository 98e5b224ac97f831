// The program behind `npm run topics`: creates the declared topics that are missing, or only looks, and says
// what differs. Exit code 0: done. 1: with --check, something is missing or differs. 2: bad arguments or
// settings. 3: Kafka is away.
import { parseArgs } from 'node:util';
import { answerHelp, type Help } from '../platform/command-line.ts';
import { readConfig, type Config } from '../platform/config.ts';
import { ConfigError, asError } from '../platform/errors.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { assertKafka } from '../platform/kafka/speaks-kafka.ts';
import { describeTopics, ensureTopics } from '../platform/kafka/topics.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { silentLog } from '../platform/log.ts';
import { oneShot, run, type Service } from '../platform/service.ts';
import { declaredTopics, topicsReport } from './topics.ts';
import { setupVariables } from './variables.ts';

export const topicsVariables = {
  ...kafkaVariables,
  KAFKA_TOPIC: setupVariables.KAFKA_TOPIC,
  KAFKA_REPLICATION_FACTOR: setupVariables.KAFKA_REPLICATION_FACTOR,
} as const;

export type TopicsConfig = Config<typeof topicsVariables>;

const USAGE = 'usage: npm run topics [-- --check]';
const HELP: Help = {
  about: 'Creates the declared topics that are missing, and says what differs.',
  command: 'npm run topics',
  options: { '--check': 'create nothing; exit code 1 if a topic is missing or differs' },
  variables: topicsVariables,
  notes: 'Exit codes: 0 done, 1 see --check, 2 bad arguments or settings, 3 Kafka is away.',
};
/** Few enough that a command that cannot reach Kafka says so within seconds. */
const RETRIES = 1;

/** @throws {ConfigError} with the usage. */
export function readArguments(args: readonly string[]): { readonly check: boolean } {
  const options = { check: { type: 'boolean', default: false } } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw new ConfigError(`${asError(cause).message.split('\n')[0]!}; ${USAGE}`, { cause });
  }
}

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

function start(): Promise<Service> {
  const args = readArguments(process.argv.slice(2));
  const config = readConfig(topicsVariables);
  const print = (text: string): void => void process.stdout.write(text);
  return Promise.resolve(oneShot(topics(config, args, print)));
}

if (import.meta.main) {
  answerHelp(HELP);
  await run(start);
}

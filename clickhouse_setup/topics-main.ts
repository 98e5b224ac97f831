// The program behind `npm run topics`: creates the declared topics that are missing, or only looks, and says
// what differs. Exit code 0: done. 1: with --check, something is missing or differs; or Kafka cannot be
// reached. 2: bad arguments or settings.
import { parseArgs } from 'node:util';
import { readConfig, type Config } from '../platform/config.ts';
import { ConfigError, UnavailableError, asError } from '../platform/errors.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { describeTopics, ensureTopics } from '../platform/kafka/topics.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { silentLog } from '../platform/log.ts';
import { run, type Service } from '../platform/service.ts';
import { visible } from '../platform/visible.ts';
import { declaredTopics, topicsReport } from './topics.ts';
import { setupVariables } from './variables.ts';

export const topicsVariables = {
  ...kafkaVariables,
  KAFKA_TOPIC: setupVariables.KAFKA_TOPIC,
  KAFKA_REPLICATION_FACTOR: setupVariables.KAFKA_REPLICATION_FACTOR,
} as const;

export type TopicsConfig = Config<typeof topicsVariables>;

const USAGE = 'usage: npm run topics [-- --check]';
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
  const ended = topics(config, args, (text) => process.stdout.write(text)).catch(
    (error: unknown) => {
      if (!(error instanceof UnavailableError)) throw error;
      process.stderr.write(`Kafka at ${config.KAFKA_BROKER}: ${visible(error.message)}\n`);
      return 1;
    },
  );
  return Promise.resolve({ ended, [Symbol.asyncDispose]: () => Promise.resolve() });
}

if (import.meta.main) await run(start);

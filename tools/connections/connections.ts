// Asks each server that a pipeline needs whether it can be reached from here with the given settings, as a
// client that logs in: what to run inside a container that does not get on.
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { assertClickHouse } from '../../platform/clickhouse/speaks-clickhouse.ts';
import { clickhouseTarget, clickhouseVariables } from '../../platform/clickhouse/variables.ts';
import type { Config } from '../../platform/config.ts';
import { asError, isClassified } from '../../platform/errors.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { assertKafka } from '../../platform/kafka/speaks-kafka.ts';
import { listedTopics } from '../../platform/kafka/topics.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';
import { visible } from '../../platform/visible.ts';

export const connectionVariables = { ...kafkaVariables, ...clickhouseVariables } as const;

export type ConnectionConfig = Config<typeof connectionVariables>;

export const SERVERS = ['kafka', 'clickhouse'] as const;
export type Server = (typeof SERVERS)[number];

const CLIENT = 'sensorhouse-connections';
/** Few enough that a server that is away is told within seconds. */
const RETRIES = 1;
/** The embedded engine answers nothing else while it runs a long query. */
const ANSWERS_WITHIN_MS = 10_000;

/** Prints a line for each server; resolves to 0 when all of them can be reached, else to 1. */
export async function checkConnections(
  config: ConnectionConfig,
  servers: readonly Server[],
  print: (line: string) => void,
): Promise<0 | 1> {
  const asks = { kafka: () => askKafka(config), clickhouse: () => askClickHouse(config) };
  const lines = await Promise.all(servers.map((server) => outcome(server, asks[server])));
  for (const { line } of lines) print(line);
  return lines.every(({ isReachable }) => isReachable) ? 0 : 1;
}

const NAMES: Record<Server, string> = { kafka: 'Kafka', clickhouse: 'ClickHouse' };

async function outcome(
  server: Server,
  ask: () => Promise<string>,
): Promise<{ readonly line: string; readonly isReachable: boolean }> {
  const name = NAMES[server].padEnd(NAMES.clickhouse.length);
  try {
    return { line: `${name}  reachable      ${visible(await ask())}`, isReachable: true };
  } catch (thrown) {
    if (!isClassified(thrown)) throw thrown;
    const { message } = asError(thrown);
    return { line: `${name}  NOT reachable  ${visible(message)}`, isReachable: false };
  }
}

async function askKafka(config: ConnectionConfig): Promise<string> {
  await assertKafka(config);
  const topics = await listedTopics(createKafka(config, silentLog(), CLIENT, RETRIES));
  return `${config.KAFKA_BROKER}, ${topics.length} topics`;
}

async function askClickHouse(config: ConnectionConfig): Promise<string> {
  const target = clickhouseTarget(config);
  await assertClickHouse(target);
  const timeoutMs = Math.min(target.timeoutMs, ANSWERS_WITHIN_MS);
  await using clickhouse = new ClickHouse({ ...target, timeoutMs }, CLIENT);
  const [row] = await clickhouse.rows<{ version: string }>('SELECT version() AS version');
  return `${target.url}, version ${row!.version}, user ${target.username}, database ${target.database}`;
}

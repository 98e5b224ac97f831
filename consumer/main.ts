// The consumer: writes every message of its topics to ClickHouse exactly once. It composes the group, one
// lane per topic, health and metrics; on a signal it drains and ends with an account.
import { randomUUID } from 'node:crypto';
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { checkSchema } from '../platform/clickhouse/schema.ts';
import { clickhouseTarget } from '../platform/clickhouse/variables.ts';
import { readConfig } from '../platform/config.ts';
import { asError, isClassified } from '../platform/errors.ts';
import { serveHealth } from '../platform/http.ts';
import { GroupConsumer } from '../platform/kafka/group-consumer.ts';
import { OpenTransactions } from '../platform/kafka/open-transactions.ts';
import { TopicIdentities } from '../platform/kafka/topic-identity.ts';
import { createLog, type Logger } from '../platform/log.ts';
import { createRegistry } from '../platform/metrics.ts';
import { Availability, untilAvailable } from '../platform/retry.ts';
import { systemRuntime } from '../platform/runtime.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { consumerPositions, deadLetters, tableOf } from '../streams/table.ts';
import { consumerCommand, consumerTask } from './arguments.ts';
import { ClickHouseInserts } from './clickhouse-inserts.ts';
import {
  consumerVariables,
  groupOf,
  inflateLimits,
  laneLimits,
  streamOfTopic,
  type ConsumerConfig,
} from './config.ts';
import { groupLog, receiver } from './group-lanes.ts';
import { Lane } from './lane.ts';
import { Ledger } from './ledger.ts';
import { accountLine } from './account-line.ts';
import { consumerMetrics, NO_TOTALS, type LaneMetrics, type Totals } from './metrics.ts';
import { originTables } from './origins.ts';
import { startReplay } from './replay/main.ts';

export interface Consumer extends Service {
  /** Port of /metrics and health. */
  readonly port: number;
  /** Totals over all topics so far. */
  totals(): Totals;
}

/** The whole stop must fit into 10 s; the rest is for leaving the group. */
const DRAIN_MS = 7_000;
const REFRESH_EVERY_MS = 10_000;

/**
 * Starts a consumer; returns when it runs, which does not mean that Kafka or ClickHouse are there.
 * @throws {ConfigError} when a port is taken or a setting contradicts another.
 */
export async function start(
  config: ConsumerConfig,
  log: Logger = createLog({ service: 'consumer', level: config.LOG_LEVEL }),
): Promise<Consumer> {
  await using opened = new AsyncDisposableStack();
  const ended = Promise.withResolvers<number>();
  const ending = Promise.withResolvers<never>();
  ending.promise.catch(() => undefined);
  const failed = (error: Error): void => ended.reject(error);
  ended.promise.catch(() => undefined);
  const registry = createRegistry('consumer');
  const metricsOf = consumerMetrics(registry);
  const clickhouse = opened.use(new ClickHouse(clickhouseTarget(config), 'sensorhouse-consumer'));
  const streams = streamOfTopic(config);
  const groupId = groupOf(config);
  const identities = opened.use(new TopicIdentities(config, groupId));
  const transactions = opened.use(new OpenTransactions(config, groupId));
  const group = new GroupConsumer(
    config,
    {
      groupId,
      topics: [...streams.keys()],
      maxBytesPerPartition: config.FETCH_MAX_BYTES,
      inflate: inflateLimits(config),
    },
    log,
  );
  opened.defer(() => group[Symbol.asyncDispose]());
  const metrics: LaneMetrics[] = [];
  const lanes = new Map(
    [...streams].map(([topic, stream]) => {
      const table = stream.table.name;
      const met = originTables(stream, table);
      const ledger = new Ledger(clickhouse, config.CLICKHOUSE_DB, table, randomUUID(), met);
      const ofLane = metricsOf(stream.name, `${config.CLICKHOUSE_DB}.${table}`);
      metrics.push(ofLane);
      const lane = new Lane({
        stream,
        log: groupLog(topic, group, identities, transactions),
        sink: {
          facts: ledger,
          inserts: new ClickHouseInserts(clickhouse, ledger, stream, table),
        },
        runtime: systemRuntime,
        limits: laneLimits(config),
        metrics: ofLane,
        logger: log,
        failed,
      });
      return [topic, lane];
    }),
  );
  const all = [...lanes.values()];
  const http = opened.use(
    await serveHealth(config, registry, {
      alive: () => true,
      ready: () => all.every(({ ready }) => ready),
      whyNot: () => all.flatMap((lane) => lane.standstills()),
    }),
  );
  const stop = new AbortController();
  const tables = [...new Set(streams.values())].map(tableOf);
  const needed = [...tables, deadLetters, consumerPositions];
  const availability = new Availability('ClickHouse', log);
  const checked = untilAvailable(
    () => checkSchema(clickhouse, config.CLICKHOUSE_DB, needed),
    availability,
    stop.signal,
  );
  const started = checked.then(
    () => group.start(receiver(lanes, failed)),
    (error: unknown) => {
      if (!stop.signal.aborted) failed(asError(error));
    },
  );
  const timer = setInterval(() => {
    for (const lane of all) {
      lane.refresh().catch((error: unknown) => {
        // What cannot be looked at now is looked at again.
        if (!isClassified(error)) failed(asError(error));
      });
    }
  }, REFRESH_EVERY_MS);
  const kept = opened.move();
  const totals = (): Totals => sum(metrics);
  return {
    port: http.port,
    ended: ended.promise,
    totals,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      clearInterval(timer);
      await started;
      await Promise.all(all.map((lane) => lane.stop(DRAIN_MS)));
      await kept.disposeAsync();
      const { account, text } = accountLine(totals());
      log.info(account, text);
    },
  };
}

function sum(metrics: readonly LaneMetrics[]): Totals {
  const all: Totals = { ...NO_TOTALS };
  for (const { totals } of metrics) {
    for (const name of Object.keys(NO_TOTALS) as (keyof Totals)[]) all[name] += totals[name];
  }
  return all;
}

if (import.meta.main) {
  await runProgram(consumerCommand, (given): Promise<Service> => {
    const task = consumerTask(given);
    const config = readConfig(consumerVariables);
    return task.kind === 'consume' ? start(config) : startReplay(config, task);
  });
}

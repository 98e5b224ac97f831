// The processor: reads a topic as a member of a group, makes records as a transform declares and writes them
// to another topic, at least once and in order. It composes group, sender, relay, health and metrics; on a
// signal it finishes the records on their way and ends with an account.
import { ConfigError, asError, isClassified } from '../platform/errors.ts';
import { environment, readConfig, withChanges } from '../platform/config.ts';
import { serveHealth } from '../platform/http.ts';
import { GroupConsumer } from '../platform/kafka/group-consumer.ts';
import type { GroupReceiver } from '../platform/kafka/group-receiver.ts';
import { RecordSender } from '../platform/kafka/record-sender.ts';
import { TopicIdentities } from '../platform/kafka/topic-identity.ts';
import { createLog, type Logger } from '../platform/log.ts';
import { createRegistry } from '../platform/metrics.ts';
import { systemRuntime } from '../platform/runtime.ts';
import { runProgram, type Service } from '../platform/service.ts';
import { transforms } from '../streams/index.ts';
import { compileByteTransform, compileTransform, type Transform } from '../streams/transform.ts';
import { processorCommand, runOptions, type RunOptions } from './arguments.ts';
import { processorVariables, type ProcessorConfig } from './config.ts';
import { processorMetrics, type RelayMetrics, type Totals } from './metrics.ts';
import { prepareOutput } from './output-topic.ts';
import { Relay } from './relay.ts';

export interface Processor extends Service {
  /** Port of /metrics and health, undefined when there is none. */
  readonly port: number | undefined;
  /** Totals so far. */
  totals(): Totals;
}

export interface StartOptions extends Partial<RunOptions> {
  /** Default: to stdout, under the transform's name. */
  readonly log?: Logger;
  /** Default: the one that PROCESSOR names. */
  readonly transform?: Transform;
}

/** The whole stop must fit into 10 s; the rest is for leaving the group. */
const DRAIN_MS = 6_000;
const REFRESH_EVERY_MS = 10_000;
/** Brokers take batches of 1 MiB by default; what is larger is replaced by a stub in any case. */
const RECORD_BYTES_MAX = 8_388_608;

/**
 * Starts a processor; returns when it runs, which does not mean that Kafka is there. `ended` settles with 0
 * when `max` records were dealt with.
 * @throws {ConfigError} when a port is taken or input and output are one topic.
 */
export async function start(
  config: ProcessorConfig,
  options: StartOptions = {},
): Promise<Processor> {
  const transform =
    options.transform ?? transforms.find(({ name }) => name === config.PROCESSOR) ?? transforms[0]!;
  const { LOG_LEVEL: level, PROCESSOR_GROUP: groupId = transform.group } = config;
  const log = options.log ?? createLog({ service: transform.group, level });
  const topic = config.PROCESSOR_FROM_TOPIC ?? transform.input.topic.name;
  const topics = outputTopics(transform, config);
  if ([...topics.values()].includes(topic)) {
    throw new ConfigError(
      `${topic}: input and output are the same topic, so the processor would never end`,
    );
  }
  await using opened = new AsyncDisposableStack();
  const ended = Promise.withResolvers<number>();
  ended.promise.catch(() => undefined);
  const registry = createRegistry('processor');
  const metrics = processorMetrics(registry, transform.name);
  const identities = opened.use(new TopicIdentities(config, groupId));
  const sender = opened.use(new RecordSender(config, groupId, log));
  const reading = {
    groupId,
    topics: [topic],
    maxBytesPerPartition: config.FETCH_MAX_BYTES,
    inflate: { batchBytes: config.MAX_BATCH_INFLATED_BYTES, recordBytes: RECORD_BYTES_MAX },
  };
  const group = opened.use(new GroupConsumer(config, reading, log));
  const relay = new Relay({
    input: {
      topic,
      topicId: () => identities.idOf(topic),
      logRanges: () => group.logRanges(topic),
      committed: () => group.committedNoted(topic),
      commit: (positions, topicId) => group.commitNoted(topic, positions, topicId),
      seek: (partition, offset) => group.seek(topic, partition, offset),
    },
    sender,
    topics,
    origin: transform.origin,
    apply: compileTransform(transform),
    byteEnrich: compileByteTransform(transform),
    handsOn: transform.steps.length === 0,
    max: options.max ?? Infinity,
    fromBeginning: options.fromBeginning ?? false,
    metrics,
    logger: log,
    runtime: systemRuntime,
    failed: (error) => ended.reject(error),
    done: () => ended.resolve(0),
  });
  const port = config.PROCESSOR_METRICS_PORT;
  const address = { METRICS_HOST: config.METRICS_HOST, METRICS_PORT: port ?? 0 };
  const health = {
    alive: () => true,
    ready: () => relay.ready,
    whyNot: () => relay.standstills(),
  };
  const http =
    port === undefined
      ? undefined
      : opened.use(await serveHealth(address, registry, health, 'PROCESSOR_METRICS_PORT'));
  const receiver: GroupReceiver = {
    joining: () => relay.joining(),
    assigned: (partitions) => relay.assigned(partitions.get(topic) ?? []),
    confirmed: () => undefined,
    batch: (batch, membership) => relay.batch(batch, membership),
    failed: (error) => ended.reject(error),
  };
  const stop = new AbortController();
  const started = prepareOutput(config, transform, log, stop.signal).then(
    () => group.start(receiver),
    (error: unknown) => {
      if (!stop.signal.aborted) ended.reject(asError(error));
    },
  );
  const told = { sent: 0 };
  const timer = setInterval(() => {
    relay.refresh().catch((error: unknown) => {
      // What cannot be looked at now is looked at again.
      if (!isClassified(error)) ended.reject(asError(error));
    });
    tellProgress(log, metrics, told);
  }, REFRESH_EVERY_MS);
  const kept = opened.move();
  return {
    port: http?.port,
    ended: ended.promise,
    totals: () => ({ ...metrics.totals }),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      clearInterval(timer);
      await started;
      await relay.stop(DRAIN_MS);
      await kept.disposeAsync();
      const { filtered, lag, read, refused, rejected, sent, unreadable } = metrics.totals;
      const account = {
        event: 'account',
        read,
        sent,
        rejected,
        refused,
        filtered,
        unreadable,
        lag,
      };
      const passed = unreadable === 0 ? '' : `, unreadable offsets ${unreadable}`;
      const text = `read ${read}, sent ${sent} (no events: ${rejected}, refused: ${refused}), filtered ${filtered}${passed}, lag ${lag}`;
      log.info(account, text);
    },
  };
}

function outputTopics({ outputs }: Transform, config: ProcessorConfig): Map<string, string> {
  const [first] = outputs;
  const declared = outputs.map(({ name, topic }) => [name, topic.name] as const);
  return new Map([...declared, [first.name, config.PROCESSOR_TO_TOPIC ?? first.topic.name]]);
}

/** One line now and then while records come; the figures themselves are in /metrics. */
function tellProgress(log: Logger, { totals }: RelayMetrics, told: { sent: number }): void {
  const { lag, sent } = totals;
  if (sent === told.sent) return;
  log.info({ sent, lag }, `sent ${sent - told.sent} records, lag ${lag}`);
  told.sent = sent;
}

if (import.meta.main) {
  await runProgram(processorCommand, (given) => {
    const config = readConfig(
      processorVariables,
      withChanges(environment(), given.env, processorVariables),
    );
    return start(config, runOptions(given));
  });
}

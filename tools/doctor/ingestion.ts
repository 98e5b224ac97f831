// Checks Kafka, ClickHouse and the flow between them: reachable, as declared, clocks, lag, and the limit of
// the consumer. It only asks, and creates or changes nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { tablesOf } from '../../clickhouse_setup/generate.ts';
import { groupOf, streamOfTopic, type ConsumerConfig } from '../../consumer/config.ts';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { assertClickHouse } from '../../platform/clickhouse/speaks-clickhouse.ts';
import { checkSchema, readTables } from '../../platform/clickhouse/schema.ts';
import { clickhouseTarget, urlHost } from '../../platform/clickhouse/variables.ts';
import { readTopicState } from '../../platform/kafka/topic-state.ts';
import { streams } from '../../streams/index.ts';
import type { Stream } from '../../streams/stream.ts';
import { viewsOf } from '../../streams/table.ts';
import { bottleneck, readMetrics } from './bottleneck.ts';
import { fail, findingsOf, ok, warn, type Finding } from './finding.ts';
import { lagFinding, openLagSource, readLag, unreadableFinding } from './lag.ts';
import { processorFindings, processorStandings } from './processors.ts';

const CLOCK_TOLERANCE_MS = 2_000;
/** Producers' clocks are allowed more: the consumer rejects only what is a day ahead. */
const FUTURE_TOLERANCE_MS = 60_000;
const SETUP = 'run: npm run setup';
const START = 'start it with npm start or docker compose up -d, or set the variable to where it is';

export interface IngestionFindings {
  readonly findings: readonly Finding[];
  /** Kafka and ClickHouse answer. */
  readonly reachable: boolean;
}

/** `watchMs` is how long the consumer is watched for its bottleneck. */
export async function checkIngestion(
  config: ConsumerConfig,
  watchMs: number,
): Promise<IngestionFindings> {
  await using clickhouse = new ClickHouse(clickhouseTarget(config), 'sensorhouse-doctor');
  const { url } = clickhouseTarget(config);
  const server = await findingsOf('ClickHouse', () => clock(clickhouse, url), `CLICKHOUSE_URL: ${START}`); // prettier-ignore
  const answers = server[0]?.level !== 'FAIL'; // prettier-ignore
  const tables = answers ? await findingsOf('tables', () => schema(clickhouse, config)) : [];
  const topics = new Set<string>();
  const kafka: Finding[] = [];
  const streamOf = streamOfTopic(config);
  for (const [topic, stream] of streamOf) {
    const check = (): Promise<Finding[]> => checkTopic(config, stream, topic, topics);
    kafka.push(...(await findingsOf('Kafka', check, `KAFKA_BROKER: ${START}`)));
    if (kafka.at(-1)?.level === 'FAIL') break;
  }
  const kafkaAnswers = kafka.every(({ level, what }) => what !== 'Kafka' || level === 'ok');
  const standings = () => processorStandings(config, config.STREAMS);
  const before = kafkaAnswers ? await standings().catch(() => new Map<never, never>()) : undefined;
  const consumer = await watch(config, watchMs);
  const processors =
    before === undefined
      ? []
      : await findingsOf('processor', async () => processorFindings(before, await standings()));
  const lag: Finding[] = [];
  if (answers && tables.every(({ level }) => level !== 'FAIL')) {
    for (const topic of topics) {
      const running = consumer[0]?.level === 'ok';
      const check = (): Promise<Finding[]> =>
        checkLag(clickhouse, config, streamOf.get(topic)!, topic, running);
      lag.push(...(await findingsOf('lag', check)));
    }
  }
  return {
    reachable: answers && kafkaAnswers,
    findings: [...kafka, ...server, ...tables, ...processors, ...lag, ...consumer],
  };
}

async function clock(clickhouse: ClickHouse, url: string): Promise<Finding[]> {
  await assertClickHouse({ url });
  const sentMs = Date.now();
  const [row] = await clickhouse.rows<Record<'ms' | 'version', string>>(
    'SELECT toString(toUnixTimestamp64Milli(now64(3))) AS ms, version() AS version',
  );
  const gotMs = Date.now();
  const server = ok('ClickHouse', `${row!.version} at ${url}`);
  // The answer was made somewhere between: only what lies outside is a difference for certain.
  const skewMs = Math.max(0, sentMs - Number(row!.ms), Number(row!.ms) - gotMs);
  const said = `ClickHouse differs from this machine by ${skewMs} ms`;
  if (skewMs <= CLOCK_TOLERANCE_MS) return [server, ok('clock', said)];
  return [server, warn('clock', said, 'let both take the time from a time server (NTP)')];
}

async function schema(clickhouse: ClickHouse, config: ConsumerConfig): Promise<Finding[]> {
  const { CLICKHOUSE_DB: database } = config;
  const tables = tablesOf(streams);
  await checkSchema(clickhouse, database, tables);
  const found = ok('tables', `${tables.length} in ${database} as declared`);
  const views = viewsOf(streams).map(({ name }) => name);
  const there = await readTables(clickhouse, database, views);
  const missing = views.filter((name) => there.get(name)?.engine !== 'View');
  if (missing.length === 0) return [found];
  // Only dashboards and npm run traffic-report ask them.
  return [found, warn('views', `${missing.join(', ')} missing in ${database}`, SETUP)];
}

async function checkTopic(
  config: ConsumerConfig,
  stream: Stream,
  topic: string,
  topics: Set<string>,
): Promise<Finding[]> {
  const declared = { ...stream.topic, name: topic };
  const state = await readTopicState(config, declared);
  const kafka = ok('Kafka', config.KAFKA_BROKER);
  if (state === undefined) return [kafka, fail('topic', `${topic} does not exist`, SETUP)];
  topics.add(topic);
  const [first, ...more] = state.differences;
  const found =
    first === undefined
      ? ok('topic', `${topic} with ${state.partitions} partitions as declared`)
      : warn('topic', first, ['it works; see docs/architecture.md', ...more].join('; '));
  const aheadMs = (state.newestMs ?? 0) - Date.now();
  if (aheadMs <= FUTURE_TOLERANCE_MS) return [kafka, found];
  const said = `the newest record of ${topic} is ${Math.round(aheadMs / 1_000)} s in the future`;
  return [kafka, found, warn('clock', said, 'correct the clock of its producer, or of this machine')];
} // prettier-ignore

async function checkLag(
  clickhouse: ClickHouse,
  config: ConsumerConfig,
  stream: Stream,
  topic: string,
  running: boolean,
): Promise<Finding[]> {
  const group = groupOf(config);
  await using source = openLagSource(clickhouse, config, stream, topic, group);
  const lag = await readLag(source);
  const passed = unreadableFinding(topic, lag);
  const found = lagFinding(topic, group, lag, running, Date.now());
  return passed === undefined ? [found] : [found, passed];
}

const ADVICE = {
  fetch: 'Kafka delivers too slowly: look at the broker and the network, raise FETCH_MAX_BYTES, or add partitions and consumers',
  decode: 'the consumer is short of CPU: add partitions and run more consumers (docs/scale-out.md)',
  insert: 'ClickHouse takes rows too slowly: look at its disk, merges and CPU, or raise MAX_BATCH_ROWS',
} as const; // prettier-ignore

async function watch(config: ConsumerConfig, watchMs: number): Promise<Finding[]> {
  const { METRICS_HOST: host, METRICS_PORT: port } = config;
  const near = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  const base = `http://${urlHost(near)}:${port}`;
  const url = `${base}/metrics`;
  const read = async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    const text = await response.text();
    if (!text.includes('sensorhouse_consumer_')) throw new Error('another program answers');
    return readMetrics(text, performance.now());
  };
  try {
    const before = await read();
    await sleep(watchMs);
    const { line, stage } = bottleneck(before, await read());
    const waits = await readiness(base);
    // Whoever waits for a server or for partitions has no bottleneck.
    if (waits.length > 0) return [ok('consumer', `answers on ${url}`), ...waits];
    const advice = stage === undefined ? {} : { advice: ADVICE[stage] };
    return [{ ...ok('consumer', line), ...advice }];
  } catch {
    const advice = 'npm run consumer, or set METRICS_PORT';
    return [warn('consumer', `does not answer on ${url}`, advice)];
  }
}

/** Why a consumer that answers is not ready: /readyz says it. */
async function readiness(base: string): Promise<Finding[]> {
  const response = await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(3_000) });
  const [, ...standstills] = (await response.text()).trimEnd().split('\n');
  if (response.ok) return [];
  const restart = 'restart it; if it stops at the same offset again, its log says why';
  if (standstills.length > 0) return standstills.map((said) => fail('consumer', said, restart));
  const said = 'is not ready: it waits for its partitions, for Kafka or for ClickHouse';
  return [warn('consumer', said, 'its log names what it waits for')];
}

// The program behind `npm run consumer -- --from …`: begins a replay or continues the unfinished one. Exit
// code 0: done. 1: the result does not add up; the tables were not exchanged, or it names the difference. 2:
// bad arguments or settings. 3: Kafka or ClickHouse failed or another run took over: run it again.
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { checkSchema } from '../../platform/clickhouse/schema.ts';
import { clickhouseTarget } from '../../platform/clickhouse/variables.ts';
import {
  ConfigError,
  FencedError,
  UnavailableError,
  UnclearOutcomeError,
} from '../../platform/errors.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { createLog, silentLog } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { consumerPositions, deadLetters, tableOf } from '../../streams/table.ts';
import type { ConsumerTask } from '../arguments.ts';
import type { ConsumerConfig } from '../config.ts';
import { Replay, type ReplayParts } from './replay.ts';
import { withdrawLetters } from './letters.ts';
import { readFacts } from './plan.ts';
import { dropTables, unfinished, type Unfinished } from './tables.ts';

const CLIENT = 'sensorhouse-replay';
/** Copying rows takes longer than anything a consumer asks. */
const QUERY_MS = 600_000;

export type ReplayCommand = Extract<ConsumerTask, { kind: 'replay' | 'abandon' }>;

/** Runs the command; resolves to the exit code. `signal` ends it where the next run goes on. */
export async function replayCommand(
  config: ConsumerConfig,
  command: ReplayCommand,
  print: (line: string) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 3> {
  const target = clickhouseTarget(config);
  const timeoutMs = Math.max(target.timeoutMs, QUERY_MS);
  await using clickhouse = new ClickHouse({ ...target, timeoutMs }, CLIENT);
  await using identities = new TopicIdentities(config, CLIENT);
  await using offsets = new TopicOffsets(config, silentLog(), CLIENT);
  const level = config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL;
  const log = createLog({ service: 'replay', level, fd: 2 });
  const stream = command.stream ?? (config.STREAMS.length === 1 ? config.STREAMS[0]! : sensorData);
  const parts = { clickhouse, config, stream, identities, offsets, log, signal, print };
  try {
    const tables = [tableOf(stream), deadLetters, consumerPositions];
    await checkSchema(clickhouse, config.CLICKHOUSE_DB, tables);
    const begun = await unfinished(clickhouse, stream.table.name);
    if (command.kind === 'abandon') return await abandon(parts, begun);
    return await replay(parts, command.fromMs, await planned(parts, begun));
  } catch (error) {
    if (error instanceof FencedError) {
      print('another run took this replay over and continues it');
    } else if (error instanceof UnavailableError || error instanceof UnclearOutcomeError) {
      print(
        `${error.message}\nNothing is lost: run the command again, and the replay continues where it stopped`,
      );
    } else throw error;
    return 3;
  }
}

async function replay(
  parts: ReplayParts,
  fromMs: number,
  begun: (Unfinished & { readonly fromMs: number }) | undefined,
): Promise<0 | 1> {
  const work = new Replay(parts);
  const text = (ms: number): string => new Date(ms).toISOString();
  if (begun !== undefined) {
    if (begun.fromMs !== fromMs && !begun.swapped) {
      const other = `a replay from ${text(begun.fromMs)} is unfinished`;
      throw new ConfigError(`--from: ${text(fromMs)} is new, but ${other}: give that time to finish that replay, or --abandon to drop it`); // prettier-ignore
    }
    parts.print(`continuing the replay from ${text(begun.fromMs)}`);
  }
  const tables = begun?.tables ?? (await work.begin(fromMs));
  if (begun?.swapped !== true && !(await work.fill(tables))) {
    parts.print(`${tables.beside} does not add up and is not swapped in; --abandon drops it`);
    return 1;
  }
  return (await work.finish(tables)) ? 0 : 1;
}

/** The unfinished replay to go on with. One that was killed before it had a plan is cleared away. */
async function planned(
  { clickhouse }: ReplayParts,
  begun: readonly Unfinished[],
): Promise<(Unfinished & { fromMs: number }) | undefined> {
  const found: (Unfinished & { fromMs: number })[] = [];
  for (const each of begun) {
    const { fromMs } = await readFacts(clickhouse, each.tables.key);
    if (fromMs === undefined) await dropTables(clickhouse, each.tables);
    else found.push({ ...each, fromMs });
  }
  if (found.length <= 1) return found[0];
  const names = found.map(({ tables }) => tables.beside).join(' and ');
  throw new ConfigError(`--from: ${names} are both unfinished; drop them with --abandon`);
}

async function abandon(
  { clickhouse, print }: ReplayParts,
  begun: readonly Unfinished[],
): Promise<0> {
  if (begun.length === 0) print('no replay is unfinished');
  for (const { swapped, tables } of begun) {
    if (swapped) {
      throw new ConfigError(`--abandon: the replay ${tables.id} is swapped in already: finish it with --from`); // prettier-ignore
    }
    await withdrawLetters(clickhouse, tables);
    await dropTables(clickhouse, tables);
    print(`${tables.beside} is dropped`);
  }
  return 0;
}

/** The command as a program. @throws {ConfigError} */
export function startReplay(config: ConsumerConfig, command: ReplayCommand): Promise<Service> {
  const stop = new AbortController();
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const ended = replayCommand(config, command, print, stop.signal);
  return Promise.resolve({
    ended,
    finishes: true,
    stoppedCode: () => 130,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended.catch(() => undefined);
    },
  });
}

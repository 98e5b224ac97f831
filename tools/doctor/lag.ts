// Compares the table with the log of a topic: how far it is behind, and whether it is ahead, which means that
// the broker lost records. The figures move while they are read: `readLag` asks for them in the order that
// stays true.
import type { ConsumerConfig } from '../../consumer/config.ts';
import { covered, UNREADABLE } from '../../consumer/gap.ts';
import { Ledger } from '../../consumer/ledger.ts';
import { sourceOf } from '../../streams/origin.ts';
import { unreadableRanges } from '../../consumer/unreadable.ts';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { FencedError, UnavailableError } from '../../platform/errors.ts';
import type { LogRange } from '../../platform/kafka/log-ranges.ts';
import {
  describeOpen,
  oldestMs,
  OpenTransactions,
  type OpenTransaction,
} from '../../platform/kafka/open-transactions.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { silentLog } from '../../platform/log.ts';
import type { Stream } from '../../streams/stream.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Where the table stands in one partition. */
export interface Landed {
  /** Everything below has landed. */
  readonly position: number;
  /** Offsets of dead letters from there on: they are written before the rows around them. */
  readonly deadAhead: ReadonlySet<number>;
  /** Offsets that were passed over because nobody could read them. */
  readonly unreadable: number;
}

/** Whom the doctor asks; every call asks afresh. */
export interface LagSource {
  topicId(): Promise<string>;
  committed(): Promise<ReadonlyMap<number, number>>;
  landed(topicId: string): Promise<ReadonlyMap<number, Landed>>;
  logRanges(): Promise<ReadonlyMap<number, LogRange>>;
  openTransactions(): Promise<readonly OpenTransaction[]>;
}

export interface Lag {
  /** Records that may be read and are in no table. */
  readonly byTable: number;
  readonly byCommits: number;
  /** Offsets that landed and that the log does not have. */
  readonly beyond: number;
  readonly unreadable: number;
  readonly open: readonly OpenTransaction[];
}

/**
 * Commits and the table's positions first, the log afterwards: see `platform/kafka/log-ranges.ts`.
 * @throws {UnavailableError | ConfigError} also when the topic was replaced meanwhile.
 */
export async function readLag(source: LagSource): Promise<Lag> {
  const topicId = await source.topicId();
  const committed = await source.committed();
  const landed = await source.landed(topicId);
  const ranges = await source.logRanges();
  const open = await source.openTransactions();
  if ((await source.topicId()) !== topicId) {
    throw new UnavailableError('the topic was replaced meanwhile; run it again');
  }
  let [byTable, byCommits, beyond, unreadable] = [0, 0, 0, 0];
  for (const [partition, { begin, end }] of ranges) {
    const known = landed.get(partition);
    const position = Math.max(begin, known?.position ?? 0);
    const ahead = [...(known?.deadAhead ?? [])].filter((at) => at >= position && at < end);
    byTable += Math.max(0, end - position - ahead.length);
    byCommits += Math.max(0, end - Math.max(begin, committed.get(partition) ?? begin));
  }
  for (const [partition, { position, unreadable: passed }] of landed) {
    unreadable += passed;
    beyond += Math.max(0, position - (ranges.get(partition)?.end ?? 0));
  }
  return { byTable, byCommits, beyond, unreadable, open };
}

/** A producer that works ends its transaction within seconds. */
const OPEN_LONG_MS = 60_000;

/** `running`: the consumer answers. */
export function lagFinding(
  topic: string,
  group: string,
  { beyond, byCommits, byTable, open }: Lag,
  running: boolean,
  nowMs: number,
): Finding {
  const hidden = describeOpen(open, nowMs);
  const figures = `${topic}: ${byTable} by the table, ${byCommits} by the commits of ${group}`;
  const said = hidden === '' ? figures : `${figures}, ${hidden}`;
  if (beyond > 0) {
    const advice = 'the broker lost records that were ingested: run npm run audit';
    return fail('lag', `${said}; the table is ${beyond} ahead of the log`, advice);
  }
  if (byTable > 0 && !running) return warn('lag', said, 'start the consumer: npm run consumer');
  if (hidden === '' || nowMs - (oldestMs(open) ?? nowMs) < OPEN_LONG_MS) return ok('lag', said);
  const ids = [...new Set(open.map(({ transactionalId }) => transactionalId))].join(', ');
  const advice = `the producer ${ids} has to commit or abort; Kafka aborts it after its transaction.timeout.ms`;
  return warn('lag', said, advice);
}

/** Says that records were passed over; undefined when none were. */
export function unreadableFinding(topic: string, { unreadable }: Lag): Finding | undefined {
  if (unreadable === 0) return undefined;
  const said = `${topic}: ${unreadable} offsets were passed over because their records cannot be read`;
  const advice =
    'npm run audit counts them by partition; the consumer logged each range and why (docs/operations.md)';
  return warn('unreadable', said, advice);
}

/** The servers as a source. Dispose it. */
export function openLagSource(
  clickhouse: ClickHouse,
  config: ConsumerConfig,
  stream: Stream,
  topic: string,
  group: string,
): LagSource & AsyncDisposable {
  const opened = new AsyncDisposableStack();
  const identities = opened.use(new TopicIdentities(config, 'sensorhouse-doctor'));
  const offsets = opened.use(new TopicOffsets(config, silentLog(), 'sensorhouse-doctor'));
  const transactions = opened.use(new OpenTransactions(config, 'sensorhouse-doctor'));
  return {
    topicId: () => identities.idOf(topic),
    committed: () => offsets.committedBy(group, topic),
    logRanges: () => offsets.rangesOf(topic),
    openTransactions: () => transactions.of(topic),
    landed: async (topicId) => {
      const partitions = [...(await offsets.rangesOf(topic)).keys()];
      return landedOf(clickhouse, config, stream, sourceOf(topic, topicId), partitions);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A replay may put another table in the place of the one that was just looked at: then look again. */
const LOOKS = 3;
const NOTHING = { floor: undefined, rows: undefined };

async function landedOf(
  clickhouse: ClickHouse,
  config: ConsumerConfig,
  stream: Stream,
  source: string,
  partitions: readonly number[],
): Promise<Map<number, Landed>> {
  for (let look = 1; ; look += 1) {
    const ledger = new Ledger(clickhouse, config.CLICKHOUSE_DB, stream.table.name, 'doctor');
    try {
      const positions = new Map<number, Landed>();
      const landed = await ledger.landed(source, partitions);
      for (const partition of partitions) {
        const { floor, rows } = landed.get(partition) ?? NOTHING;
        const position = Math.max(floor ?? 0, rows === undefined ? 0 : rows.max + 1);
        const deadAhead = await ledger.deadFrom(source, partition, position);
        const recorded = new Map([[partition, await ledger.gone(source, partition, [UNREADABLE])]]);
        const ranges = await unreadableRanges(clickhouse, stream, source, recorded);
        const unreadable = covered(ranges.get(partition)!, { first: 0, last: Infinity });
        positions.set(partition, { position, deadAhead, unreadable });
      }
      return positions;
    } catch (error) {
      if (!(error instanceof FencedError) || look === LOOKS) throw error;
    }
  }
}

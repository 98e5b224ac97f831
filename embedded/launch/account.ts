// The account of a run: compares the records that arrived by the broker's offsets with the contents of the
// tables and with the producers' own counts. Pure; no figure in it comes from a counter of the consumer.
import type { Account as ProducerAccount } from '../../producers/account.ts';

/** One partition of a table's topic during the run: from offset `begin` up to, not including, `end`. */
export interface PartitionStanding {
  readonly partition: number;
  /** What had landed when the run began lies below. */
  readonly begin: number;
  readonly end: number;
  /** Rows of the table with an offset from `begin` on. */
  readonly rows: number;
  /** Different offsets among those rows. */
  readonly offsets: number;
  /** Different offsets in dead_letters from `begin` on. */
  readonly dead: number;
  /** Offsets that are a row and a dead letter. */
  readonly both: number;
  /** Offsets that the consumer recorded as neither, by its reason; each offset counts for one reason. */
  readonly recorded: Readonly<Record<string, number>>;
  /** Offsets from `end` on that had landed before the log was asked: Kafka lost them. */
  readonly beyond: number;
}

/** What the processors made of the topic that producers send to, for a table that is filled from another one. */
export interface Hop {
  readonly topic: string;
  /** Who makes the messages of the table's topic, such as "processor traffic-enrich". */
  readonly maker: string;
  /** Records of the topic that the processor had not dealt with when the run began, and those since. */
  readonly arrived: number;
  /** Those that were there when the run began. */
  readonly before: number;
  /** Those that the processor has not dealt with. */
  readonly waiting: number;
  /** Those it has dealt with that are neither a row nor a dead letter. */
  readonly unmade: number;
}

export interface TrackStanding {
  readonly partitions: readonly PartitionStanding[];
  /** Offsets that had not landed when the run began. */
  readonly before: number;
  /** Offsets that an open transaction hides: nobody may read them yet. */
  readonly hidden: number;
  /** Of messages that did not come through the hop: somebody sent them straight to the table's topic. */
  readonly direct: number;
  readonly hop: Hop | undefined;
  /** Offsets of a topic that was deleted during the run, as far as they landed. */
  readonly replaced: boolean;
}

export interface RunAccount {
  readonly sent: number;
  readonly inDoubt: number;
  /** Offsets of this run in Kafka that the producers of this run did not take. */
  readonly foreign: number;
  /** Offsets that waited in Kafka when the run began. */
  readonly before: number;
  readonly inserted: number;
  readonly deadLetters: number;
  /** Offsets without a row or a dead letter, by why, in words. */
  readonly others: Readonly<Record<string, number>>;
  /** Records in Kafka that are in no table yet. */
  readonly lag: number;
  /** Records that an open transaction hides; they are in `others`, too. */
  readonly hidden: number;
  /** What must not be, in words; empty when everything adds up. */
  readonly problems: readonly string[];
}

/** The words for what the consumer records; another reason is its own word. */
const RECORDED: Readonly<Record<string, string>> = {
  duplicate: 'duplicates left out',
  'not-in-log': 'without a record',
  gap: 'deleted from Kafka before they were read',
};

/** Compares broker, tables and producers; an undefined producer account is one that never came. */
export function accountFor(
  standing: TrackStanding,
  producers: ReadonlyMap<string, ProducerAccount | undefined>,
): RunAccount {
  const { direct, hidden, hop, partitions, replaced } = standing;
  const problems = partitions.flatMap(partitionProblems);
  const accounts = [...producers.values()].filter((account) => account !== undefined);
  for (const [name, account] of producers) {
    if (account === undefined) problems.push(`${name} ended without an account`);
    else if (account.failed > 0) problems.push(`${name} could not send ${account.failed} rows`);
    else if (account.dryRun > 0)
      problems.push(`${name} printed ${account.dryRun} rows instead of sending them`);
  }
  const sent = sum(accounts, ({ sent }) => sent);
  const inDoubt = sum(accounts, ({ inDoubt }) => inDoubt);
  const logged = sum(partitions, ({ begin, end }) => end - begin);
  const readable = hop === undefined ? logged - standing.before : hop.arrived - hop.before + direct;
  const arrived = readable + hidden;
  if (arrived < sent) problems.push(absence(sent - arrived, replaced));
  const foreign = Math.max(0, arrived - sent - inDoubt);
  const lag = sum(partitions, lagOf) + (hop?.waiting ?? 0);
  const unmade = lag === 0 ? (hop?.unmade ?? 0) : 0;
  if (hop !== undefined && unmade > foreign) {
    // What others sent may have been filtered or aborted; what our producers sent may not.
    problems.push(`${hop.maker} made nothing of ${unmade - foreign} records of ${hop.topic}`);
  }
  return {
    sent,
    inDoubt,
    foreign,
    before: standing.before + (hop?.before ?? 0),
    inserted: sum(partitions, ({ rows }) => rows),
    deadLetters: sum(partitions, ({ dead }) => dead),
    others: othersOf(partitions, unmade, hidden),
    hidden,
    lag,
    problems,
  };
}

function absence(rows: number, replaced: boolean): string {
  if (!replaced) return `${rows} acknowledged rows are not in Kafka`;
  return `${rows} acknowledged rows were in the topic that was deleted during the run`;
}

function othersOf(partitions: readonly PartitionStanding[], unmade: number, hidden: number) {
  const others: Record<string, number> = {};
  const add = (words: string, count: number): void => {
    if (count > 0) others[words] = (others[words] ?? 0) + count;
  };
  for (const { recorded } of partitions) {
    for (const [reason, count] of Object.entries(recorded)) add(RECORDED[reason] ?? reason, count);
  }
  add('left out by the processor', unmade);
  add('behind an open transaction', hidden);
  return others;
}

/** Whether every record of the run is in a table. */
export function isCaughtUp({ hop, partitions }: TrackStanding): boolean {
  return (hop?.waiting ?? 0) === 0 && partitions.every((standing) => lagOf(standing) === 0);
}

/** How many offsets are accounted for: it grows as long as rows land. */
export function landedIn({ hop, partitions }: TrackStanding): number {
  return sum(partitions, accounted) + (hop === undefined ? 0 : hop.arrived - hop.waiting);
}

function accounted({ both, dead, offsets, recorded }: PartitionStanding): number {
  return offsets + dead - both + sum(Object.values(recorded), (count) => count);
}

function lagOf(standing: PartitionStanding): number {
  return Math.max(0, standing.end - standing.begin - accounted(standing));
}

function partitionProblems(standing: PartitionStanding): string[] {
  const { begin, beyond, both, end, offsets, partition, rows } = standing;
  const problems: string[] = [];
  if (rows > offsets)
    problems.push(`partition ${partition}: ${rows - offsets} rows are there twice`);
  if (both > 0) problems.push(`partition ${partition}: ${both} offsets are row and dead letter`);
  const surplus = Math.max(0, accounted(standing) - (end - begin)) + beyond;
  if (surplus > 0) problems.push(`partition ${partition}: ${surplus} rows more than Kafka has`);
  return problems;
}

/**
 * A partition of a topic that was deleted during the run. What did not land of it never will, so it ends where
 * what landed ends: a dead letter may lie behind records that were still to be ingested.
 */
export function whatLanded(standing: PartitionStanding): PartitionStanding {
  return { ...standing, end: standing.begin + accounted(standing), beyond: 0 };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** The accounts of several tracks as one; problems say which track they are of. */
export function total(accounts: ReadonlyMap<string, RunAccount>): RunAccount {
  const all = [...accounts.values()];
  const others: Record<string, number> = {};
  for (const [words, count] of all.flatMap((account) => Object.entries(account.others))) {
    others[words] = (others[words] ?? 0) + count;
  }
  return {
    sent: sum(all, ({ sent }) => sent),
    inDoubt: sum(all, ({ inDoubt }) => inDoubt),
    foreign: sum(all, ({ foreign }) => foreign),
    before: sum(all, ({ before }) => before),
    inserted: sum(all, ({ inserted }) => inserted),
    deadLetters: sum(all, ({ deadLetters }) => deadLetters),
    others,
    hidden: sum(all, ({ hidden }) => hidden),
    lag: sum(all, ({ lag }) => lag),
    problems: [...accounts].flatMap(([name, { problems }]) =>
      problems.map((problem) => (all.length === 1 ? problem : `${name}: ${problem}`)),
    ),
  };
}

/** Whether nothing came at all. */
export function isEmpty({ before, foreign, inDoubt, sent }: RunAccount): boolean {
  return before + foreign + inDoubt + sent === 0;
}

/** The final line: first the records that came, then their outcomes. */
export function describeAccount(account: RunAccount, durationMs: number): string {
  const { before, deadLetters, foreign, inDoubt, inserted, lag, others, sent } = account;
  const seconds = (durationMs / 1_000).toFixed(1);
  const rowsPerSec = Math.round(inserted / Math.max(0.001, durationMs / 1_000));
  const came = [
    `sent ${sent}`,
    ...(inDoubt === 0 ? [] : [`in doubt ${inDoubt}`]),
    ...(foreign === 0 ? [] : [`of other producers ${foreign}`]),
    ...(before === 0 ? [] : [`waiting from before ${before}`]),
  ];
  const became = [
    `inserted ${inserted}`,
    `dead letters ${deadLetters}`,
    ...Object.entries(others).map(([words, count]) => `${words} ${count}`),
    `lag ${lag}`,
  ];
  return `${[...came, ...became].join(', ')}, in ${seconds} s (${rowsPerSec} rows/s)`;
}

// The account of a run: what the broker's offsets say arrived, against what the tables hold of it and
// what the producers say they sent. Pure; nothing in it comes from a counter of the consumer.
import type { Account as ProducerAccount } from '../../producers/account.ts';

/** One partition during the run: from offset `begin` up to, not including, `end`. */
export interface PartitionStanding {
  readonly partition: number;
  readonly begin: number;
  readonly end: number;
  /** Rows of the table with an offset from `begin` on. */
  readonly rows: number;
  /** Different offsets among those rows. */
  readonly offsets: number;
  /** Different offsets in dead_letters from `begin` on. */
  readonly dead: number;
}

export interface RunAccount {
  readonly sent: number;
  readonly inDoubt: number;
  /** Records of this run in Kafka that the producers of this run did not send. */
  readonly foreign: number;
  readonly inserted: number;
  readonly deadLetters: number;
  /** Records of this run in Kafka that are in no table yet. */
  readonly lag: number;
  /** What must not be, in words; empty when everything adds up. */
  readonly problems: readonly string[];
}

/** Compares broker, tables and producers; an undefined producer account is one that never came. */
export function accountFor(
  standings: readonly PartitionStanding[],
  producers: ReadonlyMap<string, ProducerAccount | undefined>,
): RunAccount {
  const problems = standings.flatMap(partitionProblems);
  const accounts = [...producers.values()].filter((account) => account !== undefined);
  for (const [name, account] of producers) {
    if (account === undefined) problems.push(`${name} ended without an account`);
    else if (account.failed > 0) problems.push(`${name} could not send ${account.failed} rows`);
    else if (account.dryRun > 0) problems.push(`${name} printed ${account.dryRun} rows instead`);
  }
  const sent = sum(accounts, ({ sent }) => sent);
  const inDoubt = sum(accounts, ({ inDoubt }) => inDoubt);
  const appended = sum(standings, ({ begin, end }) => end - begin);
  if (appended < sent) problems.push(`${sent - appended} acknowledged rows are not in Kafka`);
  return {
    sent,
    inDoubt,
    foreign: Math.max(0, appended - sent - inDoubt),
    inserted: sum(standings, ({ rows }) => rows),
    deadLetters: sum(standings, ({ dead }) => dead),
    lag: sum(standings, lagOf),
    problems,
  };
}

/** Whether every record of the run is in a table. */
export function isCaughtUp(standings: readonly PartitionStanding[]): boolean {
  return standings.every((standing) => lagOf(standing) === 0);
}

function lagOf({ begin, end, offsets, dead }: PartitionStanding): number {
  return Math.max(0, end - begin - offsets - dead);
}

function partitionProblems(standing: PartitionStanding): string[] {
  const { partition, begin, end, rows, offsets, dead } = standing;
  const problems: string[] = [];
  if (rows > offsets)
    problems.push(`partition ${partition}: ${rows - offsets} rows are there twice`);
  const surplus = offsets + dead - (end - begin);
  if (surplus > 0) problems.push(`partition ${partition}: ${surplus} rows more than Kafka has`);
  return problems;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** The accounts of several tracks as one; problems say which track they are of. */
export function total(accounts: ReadonlyMap<string, RunAccount>): RunAccount {
  const all = [...accounts.values()];
  return {
    sent: sum(all, ({ sent }) => sent),
    inDoubt: sum(all, ({ inDoubt }) => inDoubt),
    foreign: sum(all, ({ foreign }) => foreign),
    inserted: sum(all, ({ inserted }) => inserted),
    deadLetters: sum(all, ({ deadLetters }) => deadLetters),
    lag: sum(all, ({ lag }) => lag),
    problems: [...accounts].flatMap(([name, { problems }]) =>
      problems.map((problem) => (all.length === 1 ? problem : `${name}: ${problem}`)),
    ),
  };
}

/** The final line. */
export function describeAccount(account: RunAccount, durationMs: number): string {
  const { deadLetters, foreign, inDoubt, inserted, lag, sent } = account;
  const seconds = (durationMs / 1_000).toFixed(1);
  const rowsPerSec = Math.round(inserted / Math.max(0.001, durationMs / 1_000));
  const doubt = inDoubt === 0 ? '' : `, in doubt ${inDoubt}`;
  const others = foreign === 0 ? '' : `, of other producers ${foreign}`;
  const counts = `sent ${sent}${doubt}${others}, inserted ${inserted}, dead letters ${deadLetters}, lag ${lag}`;
  return `${counts}, in ${seconds} s (${rowsPerSec} rows/s)`;
}

// The fence: every insert carries a guard that lets it through only while its writer owns all the
// partitions it brings. Owner of a partition is the greatest (epoch, owner) ever claimed, so two
// processes that read the same epoch can never both pass. Pure text; the ledger writes the claims.
import { consumerPositions } from '../streams/table.ts';
import { quoted } from '../platform/clickhouse/quoted.ts';
import { factsKey, sameTable, type TableIdentity } from './table-identity.ts';

/** The reason of a row that claims ownership; its offset says nothing. */
export const CLAIM = 'claim';

export interface Claim {
  readonly partition: number;
  readonly epoch: number;
}

/** Which partitions of which source one process writes to which table, and by what right. */
export interface Ownership {
  readonly database: string;
  readonly table: TableIdentity;
  readonly source: string;
  readonly owner: string;
  readonly claims: readonly Claim[];
}

/**
 * A condition for a WHERE: true while every claim stands and the table is the one that was claimed, else
 * the query fails with error 395.
 */
export function guard({ claims, owner, source, table }: Ownership): string {
  const partitions = claims.map(({ partition }) => partition).join(', ');
  const rights = claims.map(({ epoch, partition }) => {
    return `(${partition}, ${epoch}, ${quoted(owner)})`;
  });
  const standing = `SELECT count() FROM (
    SELECT kafka_partition, max((epoch, owner)) AS latest FROM ${consumerPositions.name}
    WHERE stream_table = ${quoted(factsKey(table))} AND kafka_source = ${quoted(source)}
      AND kafka_partition IN (${partitions}) AND reason = ${quoted(CLAIM)}
    GROUP BY kafka_partition
  ) WHERE (kafka_partition, latest.1, latest.2) IN (${rights.join(', ')})`;
  return `throwIf((${standing}) != ${claims.length} OR NOT (${sameTable(table)}), 'fenced') = 0`;
}

/**
 * The id of an insert: names the table, the source and every partition it brings. Ids are known to the
 * whole server, so they carry the database too.
 */
export function insertId(ownership: Ownership, sequence: number): string {
  const partitions = ownership.claims.map(({ partition }) => partition).join(',');
  const { database, owner, source, table } = ownership;
  return `ingest:${database}.${factsKey(table)}:${source}:${owner}:${sequence}:,${partitions},`;
}

/** A condition on `query_id` that holds for every insert, of anyone, into these partitions. */
export function insertsInto(
  { database, table }: Pick<Ownership, 'database' | 'table'>,
  source: string,
  partitions: readonly number[],
): string {
  const start = likePattern(`ingest:${database}.${factsKey(table)}:${source}:`);
  const each = partitions.map((partition) => `query_id LIKE ${quoted(`${start}%,${partition},%`)}`);
  return `(${each.join(' OR ')})`;
}

function likePattern(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}

// The identity of a table behind its name. A replay exchanges tables with EXCHANGE TABLES, and claims and
// floors belong to the table, not to the name: they are filed under a key that moves with the table. Its
// comment holds the id of the replay that made it.
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { UnavailableError } from '../platform/errors.ts';
import { madeByReplay } from '../streams/table.ts';
import { quoted } from '../platform/clickhouse/quoted.ts';

export interface TableIdentity {
  readonly name: string;
  /** The id of the replay that made the table; '' for one that the setup made. */
  readonly replay: string;
}

/** Under what the facts of a table are filed in `consumer_positions.stream_table`. */
export function factsKey({ name, replay }: TableIdentity): string {
  return replay === '' ? name : `replay_${replay}`;
}

/** The same as an expression, for the table that stands behind `name` when the query runs. */
export function factsKeySql(name: string): string {
  return `(SELECT if(id = '', name, concat('replay_', id)) FROM (${identities(name)}))`;
}

/** A condition: the table behind the name is still this one. */
export function sameTable({ name, replay }: TableIdentity): string {
  return `(SELECT count() FROM (${identities(name)}) WHERE id = ${quoted(replay)}) = 1`;
}

function identities(name: string): string {
  return `SELECT name, extract(comment, ${quoted(madeByReplay.pattern)}) AS id FROM system.tables
    WHERE database = currentDatabase() AND name = ${quoted(name)}`;
}

/** @throws {UnavailableError} when there is no such table now. {ConfigError} */
export async function readIdentity(clickhouse: ClickHouse, name: string): Promise<TableIdentity> {
  const [found] = await clickhouse.rows<{ id: string }>(identities(name));
  if (found === undefined)
    throw new UnavailableError(`ClickHouse: table ${name} does not exist now`);
  return { name, replay: found.id };
}

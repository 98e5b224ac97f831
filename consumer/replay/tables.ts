// The tables of a replay as a whole: creates them, exchanges them with the live ones, sets them aside, drops
// them. Names carry the replay's id, so a late statement of an older run finds no table.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { ConfigError, UnavailableError } from '../../platform/errors.ts';
import { deadLetters, madeByReplay, tableOf } from '../../streams/table.ts';
import type { Stream } from '../../streams/stream.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { factsKey, readIdentity } from '../table-identity.ts';

export interface ReplayTables {
  /** Eight hexadecimal digits. */
  readonly id: string;
  /** The name under which everybody reads and writes the stream. */
  readonly live: string;
  /** The table that is filled, until it is swapped in; the replaced one after that. */
  readonly beside: string;
  /** Dead letters that only the replay has. */
  readonly letters: string;
  /** Under what the facts of the filled table are filed. */
  readonly key: string;
}

export function replayTables(live: string, id: string): ReplayTables {
  const beside = `${live}_replay_${id}`;
  const key = factsKey({ name: live, replay: id });
  return { id, live, beside, letters: `${beside}_dead`, key };
}

/** A replay that is not over, and whether its table is the live one already. */
export interface Unfinished {
  readonly tables: ReplayTables;
  readonly swapped: boolean;
}

/** The unfinished replays of a table. */
export async function unfinished(clickhouse: ClickHouse, live: string): Promise<Unfinished[]> {
  const rows = await clickhouse.rows<Record<'name' | 'made', string>>(
    `SELECT name, extract(comment, ${quoted(madeByReplay.pattern)}) AS made FROM system.tables
     WHERE database = currentDatabase() AND match(name, ${quoted(`^${live}_replay_[0-9a-f]{8}$`)})
     ORDER BY name`,
  );
  return rows.map(({ made, name }) => {
    const tables = replayTables(live, name.slice(-8));
    return { tables, swapped: made !== tables.id };
  });
}

/** Makes both tables: everything but the rows is as in the live ones, a retention or a column more too. */
export async function makeTables(
  clickhouse: ClickHouse,
  { beside, id, letters, live }: ReplayTables,
  stream: Stream,
): Promise<void> {
  const comment = madeByReplay.comment(tableOf(stream), id);
  await clickhouse.command(`CREATE TABLE ${beside} AS ${live} COMMENT ${quoted(comment)}`);
  await clickhouse.command(`CREATE TABLE ${letters} AS ${deadLetters.name}`);
}

/** Drops what an unfinished replay made. */
export async function dropTables(
  clickhouse: ClickHouse,
  { beside, letters }: ReplayTables,
): Promise<void> {
  await clickhouse.command(`DROP TABLE IF EXISTS ${letters} SYNC`);
  await clickhouse.command(`DROP TABLE IF EXISTS ${beside} SYNC`);
}

/**
 * Puts the filled table in the live one's place; does nothing when it is there.
 * @throws {ConfigError} when the server cannot. {UnavailableError} run it again.
 */
export async function exchange(
  clickhouse: ClickHouse,
  { beside, id, live }: ReplayTables,
  other = beside,
): Promise<void> {
  let failure: UnavailableError | ConfigError | undefined;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if ((await readIdentity(clickhouse, live)).replay === id) return;
    if (failure !== undefined && !(failure instanceof UnavailableError)) throw failure;
    try {
      await clickhouse.command(`EXCHANGE TABLES ${live} AND ${other}`);
    } catch (error) {
      // Whether it was carried out, only the tables can tell.
      if (!(error instanceof UnavailableError || error instanceof ConfigError)) throw error;
      failure = error;
    }
  }
  if ((await readIdentity(clickhouse, live)).replay === id) return;
  throw failure ?? new UnavailableError(`${live} could not be swapped`);
}

/**
 * Renames the replaced table, so that a swap that comes late finds nothing, and makes sure that none
 * came before. Resolves to its name.
 */
export async function setAside(clickhouse: ClickHouse, tables: ReplayTables): Promise<string> {
  const { beside, id, live } = tables;
  const aside = `${live}_replaced_${id}`;
  const [made] = await clickhouse.rows(`SELECT 1 FROM system.tables
    WHERE database = currentDatabase() AND name = ${quoted(beside)}`);
  if (made !== undefined) await clickhouse.command(`RENAME TABLE ${beside} TO ${aside}`);
  await exchange(clickhouse, tables, aside);
  return aside;
}

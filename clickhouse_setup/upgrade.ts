// Carries out upgrades of existing tables: reads the state, runs the next step of the plan, waits for the
// mutations that follow, and repeats until no step is left.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { readTables } from '../platform/clickhouse/schema.ts';
import { UnavailableError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { Table } from '../streams/table.ts';
import { nextSteps, type TableState } from './plan.ts';

/** More than any table needs; only a server that does not do what it confirms gets here. */
const MAX_ROUNDS = 20;
const MAX_POLL_MS = 2_000;
const PROGRESS_INTERVAL_MS = 10_000;
const PENDING = 'NOT is_done AND NOT is_killed';

/**
 * The tables that are not as declared yet, or whose parts are being rewritten: {@link upgradeTable} them. Asks once for
 * all tables, so that a setup that has nothing to do costs a server little.
 */
export async function unlikeDeclared(
  clickhouse: ClickHouse,
  database: string,
  tables: readonly Table[],
): Promise<ReadonlySet<Table>> {
  const names = tables.map(({ name }) => name);
  const changing = await clickhouse.rows<{ table: string }>(
    `SELECT DISTINCT table FROM system.mutations
     WHERE database = {database:String} AND table IN {names:Array(String)} AND ${PENDING}`,
    { database, names },
  );
  const states = await readStates(clickhouse, database, names);
  const isAsDeclared = (table: Table): boolean => {
    const state = states.get(table.name);
    if (state === undefined || changing.some((row) => row.table === table.name)) return false;
    // Which time the steps would name does not matter here.
    return nextSteps(state, table, '').length === 0;
  };
  return new Set(tables.filter((table) => !isAsDeclared(table)));
}

/**
 * Brings a table that exists to its declaration. The caller has checked that nothing about it
 * conflicts.
 * @returns the statements that were run; none when it was as declared.
 * @throws {ConfigError | UnavailableError}
 */
export async function upgradeTable(
  clickhouse: ClickHouse,
  database: string,
  declared: Table,
  log: Logger,
  signal: AbortSignal,
): Promise<string[]> {
  const [now] = await clickhouse.rows<{ upgradeTime: string }>(
    "SELECT toString(now64(3, 'UTC')) AS upgradeTime",
  );
  const done: string[] = [];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    await mutationsEnd(clickhouse, database, declared.name, log, signal);
    const state = (await readStates(clickhouse, database, [declared.name])).get(declared.name);
    if (state === undefined) throw new UnavailableError(`${database}.${declared.name} is gone`);
    const steps = nextSteps(state, declared, now!.upgradeTime);
    if (steps.length === 0) return done;
    for (const step of steps) {
      signal.throwIfAborted();
      log.info({ table: declared.name }, step);
      await clickhouse.command(step);
      done.push(step);
    }
  }
  throw new Error(`${database}.${declared.name}: still not as declared after: ${done.join('; ')}`);
}

/** What each active part holds: its columns, and, if it has rows, its projections. */
const HELD = `SELECT 'columns' AS kind, table, groupArray(column) AS names FROM system.parts_columns
    WHERE database = {database:String} AND table IN {names:Array(String)} AND active GROUP BY table, name
  UNION ALL
  SELECT 'projections', table, projections FROM system.parts
    WHERE database = {database:String} AND table IN {names:Array(String)} AND active AND rows > 0`;

/** The states of the tables that exist, by name. */
async function readStates(
  clickhouse: ClickHouse,
  database: string,
  names: readonly string[],
): Promise<Map<string, TableState>> {
  const tables = await readTables(clickhouse, database, names);
  type Held = Record<'kind' | 'table', string> & { names: string[] };
  const parts = await clickhouse.rows<Held>(HELD, { database, names });
  const lacking = (table: string, kind: string, declared: readonly { name: string }[]) =>
    absent(
      declared.map(({ name }) => name),
      parts.filter((part) => part.table === table && part.kind === kind).map((part) => part.names),
    );
  return new Map(
    [...tables].map(([name, found]) => {
      const absentColumns = lacking(name, 'columns', found.columns);
      const absentProjections = lacking(name, 'projections', found.projections);
      return [name, { found, absentColumns, absentProjections }];
    }),
  );
}

/** The names that not every part holds. */
function absent(names: readonly string[], parts: readonly (readonly string[])[]): Set<string> {
  return new Set(names.filter((name) => parts.some((held) => !held.includes(name))));
}

interface Mutations {
  // Servers differ in whether a 64-bit integer is quoted in JSON.
  pending: string | number;
  partsToDo: string | number;
  failure: string;
}

const MUTATIONS = `SELECT count() AS pending, sum(parts_to_do) AS partsToDo,
    max(latest_fail_reason) AS failure
  FROM system.mutations
  WHERE database = {database:String} AND table = {table:String} AND ${PENDING}`;

/** A mutation may take longer than any one query is allowed to, so it is watched, not awaited. */
async function mutationsEnd(
  clickhouse: ClickHouse,
  database: string,
  table: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let saidAtMs = performance.now();
  for (let pauseMs = 20; ; pauseMs = Math.min(MAX_POLL_MS, pauseMs * 2)) {
    const [mutations] = await clickhouse.rows<Mutations>(MUTATIONS, { database, table });
    if (mutations === undefined || Number(mutations.pending) === 0) return;
    if (performance.now() - saidAtMs > PROGRESS_INTERVAL_MS) {
      saidAtMs = performance.now();
      const { partsToDo, failure } = mutations;
      const line = `Rewriting parts of ${database}.${table}: ${partsToDo} left`;
      if (failure === '') log.info({ table }, line);
      else log.warn({ table }, `${line}; the server says: ${failure}`);
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

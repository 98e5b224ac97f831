// Compares tables as they are with tables as they are declared. The consumer checks with it before
// it writes; clickhouse_setup plans its upgrades from the same comparison, so the two agree.
import { partitionKey, type Table } from '../../streams/table.ts';
import { ConfigError } from '../errors.ts';
import type { ClickHouse } from './client.ts';

export interface FoundColumn {
  readonly name: string;
  readonly type: string;
  /** '' for an ordinary column, else DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL. */
  readonly defaultKind: string;
  readonly defaultExpression: string;
  /** As in `Delta(8), ZSTD(1)`, '' for the server's default. */
  readonly codec: string;
}

/** A table as the server describes it. */
export interface FoundTable {
  readonly name: string;
  readonly engine: string;
  /** The engine with its clauses and settings, as in `SHOW CREATE TABLE`. */
  readonly engineFull: string;
  readonly partitionKey: string;
  readonly sortingKey: string;
  readonly comment: string;
  readonly columns: readonly FoundColumn[];
  readonly projections: readonly { readonly name: string; readonly query: string }[];
}

/** One statement, since each costs a server as much as what this one asks; what it finds comes as texts. */
const TABLES = `SELECT 'table' AS kind, name AS table,
    [name, engine, engine_full, partition_key, sorting_key, comment] AS found
  FROM system.tables WHERE database = {database:String} AND name IN {names:Array(String)}
  UNION ALL
  SELECT 'column', table, [toString(position), name, type, default_kind, default_expression,
    replaceRegexpOne(compression_codec, '^CODEC\\\\((.*)\\\\)$', '\\\\1')]
  FROM system.columns WHERE database = {database:String} AND table IN {names:Array(String)}
  UNION ALL
  SELECT 'projection', table, [name, query]
  FROM system.projections WHERE database = {database:String} AND table IN {names:Array(String)}`;

interface Described {
  readonly kind: 'table' | 'column' | 'projection';
  readonly table: string;
  readonly found: readonly string[];
}

/** The tables of these names that exist (and the user may see), by name. */
export async function readTables(
  clickhouse: ClickHouse,
  database: string,
  names: readonly string[],
): Promise<Map<string, FoundTable>> {
  const rows = await clickhouse.rows<Described>(TABLES, { database, names });
  const described = (kind: Described['kind'], of?: string) =>
    rows
      .filter(({ kind: each, table }) => each === kind && (of ?? table) === table)
      .map(({ found }) => found);
  return new Map(
    described('table').map((found) => {
      const [name = '', engine = '', engineFull = '', partitionKey = '', sortingKey = ''] = found;
      const keys = { name, engine, engineFull, partitionKey, sortingKey, comment: found[5] ?? '' };
      const columns = described('column', name)
        .toSorted(([one], [other]) => Number(one) - Number(other))
        .map(columnOf);
      const projections = described('projection', name).map(([own = '', query = '']) => {
        return { name: own, query };
      });
      return [name, { ...keys, columns, projections }];
    }),
  );
}

function columnOf([, name = '', type = '', defaultKind = '', ...rest]: readonly string[]) {
  const [defaultExpression = '', codec = ''] = rest;
  return { name, type, defaultKind, defaultExpression, codec };
}

/**
 * True when a column of type `found` holds exactly the values of `declared`: the zone of an instant
 * only says how it is shown, and a dictionary how text is stored.
 */
export function sameValues(found: string, declared: string): boolean {
  return valueType(found) === valueType(declared);
}

function valueType(type: string): string {
  return type
    .replace(/^LowCardinality\((\w+)\)$/, '$1')
    .replace(/^(DateTime64\(\d+), '[^']*'\)$/, '$1)')
    .replace(/\s+/g, '');
}

/** Keys under which a batch, which has one ingest_time, stays one part. */
const ONE_PART_KEY = /^(|\w+\(ingest_time\)|ingest_time)$/;

/**
 * What is wrong with a table that no upgrade can mend without rewriting or changing data, each as a
 * phrase for after the table's name.
 */
export function conflicts(found: FoundTable, declared: Table): string[] {
  const said: string[] = [];
  if (found.engine !== 'MergeTree') said.push(`engine is ${found.engine}, expected MergeTree`);
  if (partitionKey(declared) !== '' && !ONE_PART_KEY.test(found.partitionKey)) {
    said.push(
      `partitioned by ${found.partitionKey}, which can tear a batch apart; ` +
        `expected ${partitionKey(declared)} or no partition key`,
    );
  }
  for (const { name, type } of declared.columns) {
    const column = found.columns.find((candidate) => candidate.name === name);
    if (column === undefined) continue;
    if (!sameValues(column.type, type)) {
      said.push(`column ${name} is ${column.type}, expected ${type}`);
    }
    if (!['', 'DEFAULT'].includes(column.defaultKind)) {
      said.push(`column ${name} is ${column.defaultKind}, expected an ordinary column`);
    }
  }
  return said;
}

/** What `npm run setup` would add for the table to be usable, each as a phrase. */
export function lacks(found: FoundTable | undefined, declared: Table): string[] {
  if (found === undefined) return ['does not exist'];
  const columns = new Set(found.columns.map(({ name }) => name));
  const projections = new Set(found.projections.map(({ name }) => name));
  return [
    ...declared.columns
      .filter(({ name }) => !columns.has(name))
      .map(({ name }) => `lacks column ${name}`),
    ...declared.projections
      .filter(({ name }) => !projections.has(name))
      .map(({ name }) => `lacks projection ${name}`),
  ];
}

/**
 * Checks that every table can take what the declaration says; columns beyond it are fine.
 * @throws {ConfigError} one line that names what is missing or different, and what to run.
 * @throws {UnavailableError} when ClickHouse cannot be asked.
 */
export async function checkSchema(
  clickhouse: ClickHouse,
  database: string,
  tables: readonly Table[],
): Promise<void> {
  const found = await readTables(
    clickhouse,
    database,
    tables.map(({ name }) => name),
  );
  const wrong = tables.flatMap((table) => {
    const existing = found.get(table.name);
    if (existing === undefined) return [];
    return inTable(database, table, conflicts(existing, table));
  });
  if (wrong.length > 0) throw conflictError(wrong);
  const missing = tables.flatMap((table) =>
    inTable(database, table, lacks(found.get(table.name), table)),
  );
  if (missing.length > 0) throw new ConfigError(`${missing.join('; ')}; run: npm run setup`);
}

/** The phrases about one table as one text, or nothing. */
export function inTable(database: string, { name }: Table, said: readonly string[]): string[] {
  return said.length === 0 ? [] : [`${database}.${name}: ${said.join(', ')}`];
}

/** The error for tables that only a person can change. */
export function conflictError(
  said: readonly string[],
  advice = 'the setup changes no data: copy it into a table of the declared shape',
): ConfigError {
  return new ConfigError(`${said.join('; ')}; ${advice}`);
}

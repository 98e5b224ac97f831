// Renders the declared tables and views as ClickHouse DDL. Pure: the committed SQL, `npm run setup` and the
// tests all use this text.
import { quoted } from '../platform/clickhouse/quoted.ts';
import type { View } from '../streams/stream.ts';
import { partitionKey, type Table, type TableColumn } from '../streams/table.ts';

/** Names of columns and types are padded to a grid, so that the committed file reads as a table. */
const INDENT = '    ';

/** `CREATE TABLE IF NOT EXISTS …` without a semicolon; the name is unqualified. */
export function createTable(table: Table): string {
  const settings = Object.entries(settingsOf(table)).map(
    ([name, value]) => `${INDENT}${name} = ${value}`,
  );
  return [
    `CREATE TABLE IF NOT EXISTS ${table.name}\n(\n${body(table)}\n)`,
    'ENGINE = MergeTree',
    ...(partitionKey(table) === '' ? [] : [`PARTITION BY ${partitionKey(table)}`]),
    `ORDER BY (${table.orderBy.join(', ')})`,
    `SETTINGS\n${settings.join(',\n')}`,
    `COMMENT ${quoted(table.comment)}`,
  ].join('\n');
}

/**
 * `CREATE OR REPLACE VIEW …` without a semicolon; the names are unqualified. Who asks the view needs the
 * rights on its table.
 */
export function createView({ comment, name, select }: View): string {
  return `CREATE OR REPLACE VIEW ${name}\nSQL SECURITY INVOKER\nAS ${select}\nCOMMENT ${quoted(comment)}`;
}

function body({ columns, projections }: Table): string {
  const nameWidth = Math.max(...columns.map(({ name }) => name.length));
  const typeWidth = Math.max(...columns.map(({ type }) => type.length));
  const lines = columns.map((column) => {
    const { name, type } = column;
    const line = `${name.padEnd(nameWidth)} ${type.padEnd(typeWidth)} ${columnTail(column)}`;
    return INDENT + line.trimEnd();
  });
  for (const { name, select } of projections) {
    lines.push(`${INDENT}PROJECTION ${name} (${oneLine(select)})`);
  }
  return lines.join(',\n');
}

/** What follows a column's name and type: its default and codec, possibly ''. */
export function columnTail({ default: expression, codec }: TableColumn): string {
  const parts = [
    ...(expression === undefined ? [] : [`DEFAULT ${expression}`]),
    ...(codec === undefined ? [] : [`CODEC(${codec})`]),
  ];
  return parts.join(' ');
}

/** The MergeTree settings of a table; values as they are written in SQL. */
export function settingsOf(table: Table): Record<string, string> {
  // A part is on the disk before it is acknowledged: docs/decisions/0004-sync-every-insert.md.
  const settings: Record<string, string> = { fsync_after_insert: '1', fsync_part_directory: '1' };
  if (table.projections.length > 0) {
    // Without it, DELETE FROM is refused on a table that has projections.
    settings['lightweight_mutation_projection_mode'] = "'rebuild'";
  }
  if (partitionKey(table) !== '') {
    // Stops inserts cleanly before the disk is full, so that consumer_positions, which has no such
    // limit, can still be written.
    settings['min_free_disk_bytes_to_perform_insert'] = String(256 * 1024 * 1024);
  }
  return settings;
}

/** A projection's SELECT the way the server shows it. */
export function oneLine(sql: string): string {
  return sql.replace(/\s+/g, ' ').trim();
}

// Decides the next step from an existing table to its declaration. Pure. The setup asks again after every
// step, so a new run simply continues a killed one.
import { quoted } from '../platform/clickhouse/quoted.ts';
import { madeByReplay, type Table, type TableColumn } from '../streams/table.ts';
import type { FoundColumn, FoundTable } from '../platform/clickhouse/schema.ts';
import { columnTail, oneLine, settingsOf } from './ddl.ts';

/** A table as it is, with what its data parts still lack. */
export interface TableState {
  readonly found: FoundTable;
  /** Columns that at least one active part does not hold: computed whenever they are read. */
  readonly absentColumns: ReadonlySet<string>;
  /** Projections that at least one active part does not hold. */
  readonly absentProjections: ReadonlySet<string>;
}

/**
 * The next statements, to be run in order; none when the table is as declared. Ask again after they
 * ran and their mutations ended. Rows are never rewritten except to store what they already read as.
 * @param upgradeTime what rows get as ingest_time that never had one, `2026-11-21 10:00:00.000` UTC.
 */
export function nextSteps(state: TableState, declared: Table, upgradeTime: string): string[] {
  const stages = [metadata, materializedColumns, finalDefaults, materializedProjections];
  for (const stage of stages) {
    const steps = stage(state, declared, upgradeTime);
    if (steps.length > 0) return steps.map((step) => `ALTER TABLE ${declared.name} ${step}`);
  }
  return [];
}

function metadata(state: TableState, declared: Table, upgradeTime: string): string[] {
  const { found } = state;
  const settings = Object.entries(settingsOf(declared))
    .map(([name, value]) => `${name} = ${value}`)
    .filter((setting) => !found.engineFull.includes(setting));
  const [replay] = new RegExp(` ${madeByReplay.pattern}`).exec(found.comment) ?? [''];
  const comment = declared.comment + replay;
  return [
    ...declared.columns.flatMap((column) => columnSteps(state, column, upgradeTime)),
    ...declared.projections.flatMap(({ name, select }) => {
      const existing = found.projections.find((projection) => projection.name === name);
      if (existing !== undefined && oneLine(existing.query) === oneLine(select)) return [];
      return [
        ...(existing === undefined ? [] : [`DROP PROJECTION IF EXISTS ${name}`]),
        `ADD PROJECTION IF NOT EXISTS ${name} (${oneLine(select)})`,
      ];
    }),
    ...(settings.length === 0 ? [] : [`MODIFY SETTING ${settings.join(', ')}`]),
    ...(found.comment === comment ? [] : [`MODIFY COMMENT ${quoted(comment)}`]),
  ];
}

/**
 * A default like now64() would give old rows another value at every read until it is stored. So they
 * are first given the moment of the upgrade as a constant, which is stored, and only then does the
 * column get its real default.
 */
function columnSteps(
  { found, absentColumns }: TableState,
  column: TableColumn,
  upgradeTime: string,
): string[] {
  const { name, type, codec } = column;
  const existing = found.columns.find((candidate) => candidate.name === name);
  const constant = `toDateTime64('${upgradeTime}', 3, 'UTC')`;
  if (existing === undefined) {
    const initial = column.default === undefined ? column : { ...column, default: constant };
    return [`ADD COLUMN IF NOT EXISTS ${name} ${type} ${columnTail(initial)}`.trimEnd()];
  }
  const steps: string[] = [];
  if (differsInZone(existing, column) && !isInExpression(name, found)) {
    steps.push(`MODIFY COLUMN ${name} ${type}`);
  }
  if (codec !== undefined && codecName(existing.codec) !== codecName(codec)) {
    steps.push(`MODIFY COLUMN ${name} CODEC(${codec})`);
  }
  const unstored = column.default !== undefined && absentColumns.has(name);
  if (unstored && !isConstant(existing)) steps.push(`MODIFY COLUMN ${name} DEFAULT ${constant}`);
  return steps;
}

function materializedColumns({ absentColumns }: TableState, declared: Table): string[] {
  return declared.columns
    .filter((column) => column.default !== undefined && absentColumns.has(column.name))
    .map(({ name }) => `MATERIALIZE COLUMN ${name}`);
}

function finalDefaults({ found }: TableState, declared: Table): string[] {
  return declared.columns.flatMap(({ name, default: expression }) => {
    const existing = found.columns.find((column) => column.name === name);
    const differs = expression !== undefined && existing?.defaultExpression !== expression;
    return differs ? [`MODIFY COLUMN ${name} DEFAULT ${expression}`] : [];
  });
}

function materializedProjections({ absentProjections }: TableState, declared: Table): string[] {
  return declared.projections
    .filter(({ name }) => absentProjections.has(name))
    .map(({ name }) => `MATERIALIZE PROJECTION ${name}`);
}

/** An instant whose values are the same and only shown in another zone. */
function differsInZone(existing: FoundColumn, { type }: TableColumn): boolean {
  return type.startsWith('DateTime64') && existing.type !== type;
}

/** A function of an instant in a key or TTL may depend on its zone, which then must stay. */
function isInExpression(name: string, { engineFull }: FoundTable): boolean {
  return new RegExp(`\\w\\([^()]*\\b${name}\\b`).test(engineFull);
}

/** The server writes the width that it inferred, as in `Delta(8)`. */
function codecName(codec: string): string {
  return codec.replace(/\b(Delta|DoubleDelta)\(\d+\)/g, '$1').replace(/\s+/g, '');
}

function isConstant({ defaultExpression }: FoundColumn): boolean {
  return defaultExpression.startsWith("toDateTime64('");
}

// Holds the sampled rows against the fields that were decided for them: how many a producer would refuse,
// and why the first of them.
import { compileCsvReader } from '../../streams/csv.ts';
import { compileValidator } from '../../streams/validate.ts';
import { nameInFile, type Plan } from './columns.ts';
import type { Sample } from './sample.ts';

export interface Checked {
  readonly rows: number;
  readonly refused: number;
  /** Row from 1, and what is wrong with it. */
  readonly first?: { readonly row: number; readonly problem: string };
  /** Names in the file of declared columns that are empty in some rows, and in how many. */
  readonly empty: readonly { readonly name: string; readonly rows: number }[];
}

export function checkSample(sample: Sample, { leaves }: Plan): Checked {
  const problemOf = sample.format === 'csv' ? csvProblems(sample, leaves) : jsonProblems(leaves);
  const problems = sample.rows.map(problemOf);
  const row = problems.findIndex((problem) => problem !== undefined);
  const refused = problems.filter((problem) => problem !== undefined).length;
  const declared = new Set(
    leaves.map(({ field, path }) => [...path.slice(0, -1), field.csv ?? path.at(-1)!].join('.')),
  );
  const empty = sample.columns.flatMap((column) => {
    const rows = column.values.filter((value) => value === undefined).length;
    const name = nameInFile(column);
    return rows > 0 && declared.has(name) ? [{ name, rows }] : [];
  });
  const first = row < 0 ? {} : { first: { row: row + 1, problem: problems[row]! } };
  return { rows: sample.rows.length, refused, ...first, empty };
}

type ProblemOf = (row: unknown) => string | undefined;

function csvProblems({ header }: Sample, leaves: Plan['leaves']): ProblemOf {
  const read = compileCsvReader({ leaves }, header);
  return (cells) => {
    const row = cells as string[];
    if (row.length !== header.length) return `${row.length} cells instead of ${header.length}`;
    const result = read(row);
    if (result.ok) return undefined;
    return `column ${result.column}: ${JSON.stringify(result.cell)} ${result.problem}`;
  };
}

function jsonProblems(leaves: Plan['leaves']): ProblemOf {
  const validate = compileValidator({ columns: leaves });
  return (row) => {
    const rejection = validate(row, Infinity, []);
    if (rejection === undefined) return undefined;
    const { detail, field, reason } = rejection;
    return `member ${field}: ${reason}${detail === '' ? '' : ` ${detail}`}`;
  };
}

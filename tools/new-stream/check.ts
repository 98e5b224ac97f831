// Checks the sampled rows against the fields chosen for them: how many a producer would refuse, and why it
// would refuse the first.
import { rejectionProblem } from '../../producers/json-events.ts';
import { DECIMAL, compileCsvReader, isForPeople } from '../../streams/csv.ts';
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
  /** Columns of a CSV file that became text although most cells are numbers. */
  readonly almostNumbers: readonly AlmostNumbers[];
}

export interface AlmostNumbers {
  readonly name: string;
  /** A cell that is no number as a program writes it, and how many rows have such. */
  readonly example: string;
  readonly rows: number;
  /** Whether all of them are numbers as people write them. */
  readonly forPeople: boolean;
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
  const almostNumbers = sample.format === 'csv' ? almostNumbersOf(sample, leaves) : [];
  return { rows: sample.rows.length, refused, ...first, empty, almostNumbers };
}

function almostNumbersOf(sample: Sample, leaves: Plan['leaves']): AlmostNumbers[] {
  const texts = new Set(
    leaves.filter(({ field }) => field.kind === 'text').map(({ field, name }) => field.csv ?? name),
  );
  return sample.columns.flatMap((column) => {
    const name = nameInFile(column);
    const cells = column.values.filter((value) => value !== undefined) as string[];
    const others = texts.has(name) ? cells.filter((cell) => !DECIMAL.test(cell)) : [];
    const [example] = others;
    if (example === undefined) return [];
    const forPeople = others.every(isForPeople);
    if (!forPeople && 2 * others.length > cells.length) return [];
    return [{ name, example, rows: others.length, forPeople }];
  });
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
    return rejectionProblem(rejection, row, leaves);
  };
}

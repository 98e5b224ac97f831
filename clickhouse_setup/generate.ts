// The command behind `npm run generate`: writes the committed SQL from the declared streams, or, with
// --check, fails when the committed file differs from them.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flagOption, readCommandLine, type CommandLine } from '../platform/command-line.ts';
import { streams } from '../streams/index.ts';
import type { Stream } from '../streams/stream.ts';
import {
  consumerPositions,
  deadLetterRedrives,
  deadLetters,
  tableOf,
  viewsOf,
  type Table,
} from '../streams/table.ts';
import { createTable, createView } from './ddl.ts';

export const SCHEMA_FILE = join(import.meta.dirname, '01_init_schema.sql');

const HEADER = `-- Generated from streams/ by \`npm run generate\`: do not edit, change the declaration instead.
-- Tables and views are created in the connection's database: \`default\` when a ClickHouse image runs this file
-- at its first start; \`npm run setup\` uses CLICKHOUSE_DB and also upgrades tables that exist.
`;

/** Every table an installation has: one per stream, then those beside them. */
export function tablesOf(declared: readonly Stream[]): Table[] {
  return [...declared.map(tableOf), deadLetters, deadLetterRedrives, consumerPositions];
}

/** The text of the committed schema file. */
export function schemaSql(declared: readonly Stream[] = streams): string {
  const statements = [...tablesOf(declared).map(createTable), ...viewsOf(declared).map(createView)];
  return [HEADER, ...statements.map((statement) => `${statement};\n`)].join('\n');
}

/** True when the committed file is exactly what the streams declare. */
export async function isCurrent(file: string = SCHEMA_FILE): Promise<boolean> {
  return (await readFile(file, 'utf8').catch(() => '')) === schemaSql();
}

export const generateCommand = {
  about: 'Writes clickhouse_setup/01_init_schema.sql from the streams.',
  command: 'npm run generate',
  options: { check: flagOption('write nothing; exit code 1 if the file is not up to date') },
  exitCodes: { 1: 'with --check, the file is not up to date' },
} as const satisfies CommandLine;

async function main(check: boolean): Promise<number> {
  if (!check) {
    await writeFile(SCHEMA_FILE, schemaSql());
    process.stdout.write('Wrote clickhouse_setup/01_init_schema.sql\n');
    return 0;
  }
  if (await isCurrent()) return 0;
  process.stderr.write(
    'clickhouse_setup/01_init_schema.sql differs from streams/; run: npm run generate\n',
  );
  return 1;
}

if (import.meta.main) {
  process.exitCode = await main(readCommandLine(generateCommand).values.check);
}

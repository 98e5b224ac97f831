// The program behind `npm run query -- "SELECT …"`: one statement to ClickHouse, whether the stack runs
// or not; a table on a terminal, tab-separated elsewhere.
import { text as textOf } from 'node:stream/consumers';
import {
  usageError,
  valueOption,
  type CommandLine,
  type Given,
} from '../../platform/command-line.ts';
import { text } from '../../platform/config.ts';
import { oneShot, runProgram } from '../../platform/service.ts';

export const queryCommand = {
  command: 'npm run query',
  about: 'Asks ClickHouse, whether the stack runs or not.',
  examples: [
    ['npm run query -- "SELECT count() FROM sensor_data"'],
    ['npm run query -- --format JSONEachRow "SELECT * FROM sensor_data LIMIT 3"'],
    ['echo "SELECT 1" | npm run --silent query'],
  ],
  positionals: [{ name: 'SQL', doc: 'one statement; without it, stdin is read', rest: true }],
  options: {
    format: valueOption(
      'NAME',
      text({ doc: 'a format of ClickHouse; PrettyCompact on a terminal, else TSV' }),
      { short: 'f' },
    ),
  },
  notes: `It asks CLICKHOUSE_URL if that is set, else the npm start that runs, else what answers on
CLICKHOUSE_HOST:CLICKHOUSE_PORT (localhost:8123), else it opens the data in SENSORHOUSE_DIR.`,
  exitCodes: { 0: 'answered', 1: 'the server refused the statement', 3: 'nothing answers' },
} as const satisfies CommandLine;

interface Question {
  readonly sql: string;
  readonly format: string;
}

async function readQuestion({
  positionals,
  values,
}: Given<typeof queryCommand>): Promise<Question> {
  const typed = positionals.join(' ');
  const sql = typed === '' && !process.stdin.isTTY ? await textOf(process.stdin) : typed;
  if (sql.trim() === '') throw usageError(queryCommand, 'there is no statement');
  return { sql, format: values.format ?? (process.stdout.isTTY ? 'PrettyCompact' : 'TSV') };
}

async function answer(given: Given<typeof queryCommand>): Promise<number> {
  const question = await readQuestion(given);
  const { QueryError, ask } = await import('./ask.ts');
  const { findTarget } = await import('./target.ts');
  await using target = await findTarget(() => {
    if (process.stderr.isTTY) process.stderr.write('Nothing runs: opening the data\n');
  });
  try {
    await ask(target, question.sql, question.format, process.stdout);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    return 1;
  }
}

if (import.meta.main) {
  await runProgram(queryCommand, (given) => Promise.resolve(oneShot(answer(given))));
}

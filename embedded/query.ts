// The program behind `npm run query -- "SELECT …"`: one statement to ClickHouse, whether the stack runs
// or not; a table on a terminal, tab-separated elsewhere. 0 answered, 1 refused, 2 wrongly asked,
// 3 nothing answers.
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../platform/errors.ts';
import { oneShot, run, type Service } from '../platform/service.ts';

const USAGE = `Asks ClickHouse, whether the stack runs or not.

  npm run query -- "SELECT count() FROM sensor_data"
  npm run query -- --format JSONEachRow "SELECT * FROM sensor_data LIMIT 3"
  echo "SELECT 1" | npm run --silent query

Asked is CLICKHOUSE_URL if it is set, else the npm start that runs, else what answers on
CLICKHOUSE_HOST:CLICKHOUSE_PORT (localhost:8123), else the data in SENSORHOUSE_DIR.

  --format NAME, -f NAME   a format of ClickHouse; a table on a terminal, else TSV
  --help, -h               show this text

Exit codes: 0 answered, 1 the server refused the statement, 2 wrongly asked, 3 nothing answers.
`;

interface Question {
  readonly sql: string;
  readonly format: string;
}

async function readQuestion(args: readonly string[]): Promise<Question | 'help'> {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const typed = positionals.join(' ');
  const sql = typed === '' && !process.stdin.isTTY ? await text(process.stdin) : typed;
  if (sql.trim() === '') throw new ConfigError(`there is no statement.\n\n${USAGE}`);
  return { sql, format: values.format ?? (process.stdout.isTTY ? 'PrettyCompact' : 'TSV') };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        format: { type: 'string', short: 'f' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (thrown) {
    const cause = asError(thrown);
    throw new ConfigError(`${cause.message.split('\n')[0]}\n\n${USAGE}`, { cause });
  }
}

async function answer(args: readonly string[]): Promise<number> {
  const question = await readQuestion(args);
  if (question === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { QueryError, ask } = await import('./query/ask.ts');
  const { findTarget } = await import('./query/target.ts');
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

function start(): Promise<Service> {
  const ended = answer(process.argv.slice(2));
  return Promise.resolve(oneShot(ended));
}

if (import.meta.main) await run(start);

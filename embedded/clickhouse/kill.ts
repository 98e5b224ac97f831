// KILL QUERY: chooses requests by the engine's own reading of the WHERE clause over the registry, so it finds
// queued and uploading requests, too, and never waits behind a request that it must end.
import { setTimeout as delay } from 'node:timers/promises';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import type { Engine } from './engine.ts';
import { exception } from './exception.ts';
import type { Outcome } from './execute.ts';
import { requestTable } from './processes.ts';
import type { Entry, Registry } from './registry.ts';
import type { RequestHead } from './request.ts';
import { toText, type Statement } from './statement.ts';
import { isSymbol, isWord, type Token } from './tokenizer.ts';
import type { ClickHouseUser } from './users.ts';

type Mode = 'ASYNC' | 'SYNC' | 'TEST';
interface Kill {
  /** Binary text. */
  readonly where: string;
  readonly mode: Mode;
}

/** The columns, operators and functions a WHERE clause may use; it runs on the main thread. */
const WORDS = new Set(
  [
    [
      'query_id',
      'initial_query_id',
      'user',
      'initial_user',
      'query',
      'elapsed',
      'current_database',
    ],
    ['and', 'or', 'not', 'like', 'ilike', 'in', 'between', 'is', 'null', 'true', 'false'],
    ['match', 'startswith', 'endswith', 'lower', 'upper', 'concat', 'position', 'equals', 'has'],
    ['currentuser', 'current_user', 'notequals'],
  ].flat(),
);

/** Whether a statement is one that {@link killQuery} runs. */
export function isKillQuery({ verb, tokens }: Statement): boolean {
  return verb === 'KILL' && isWord(tokens[1], 'QUERY');
}

/**
 * Runs KILL QUERY. SYNC waits until what matched is gone; the rows say `kill_status, query_id, user,
 * query` as ClickHouse does. A read-only user reaches only its own requests.
 */
export async function killQuery(
  { engine, registry }: { engine: Engine; registry: Registry },
  statement: Statement,
  head: RequestHead,
  user: ClickHouseUser,
): Promise<Outcome> {
  const { where, mode } = parseKill(statement, user.name);
  const matching = select(engine, registry, where, head).filter(
    (entry) => !user.readonly || entry.user === user.name,
  );
  if (mode !== 'TEST') for (const entry of matching) registry.kill(entry);
  if (mode === 'SYNC') await Promise.all(matching.map(({ done }) => done));
  const status = { ASYNC: 'waiting', SYNC: 'finished', TEST: 'unknown_status' }[mode];
  const format = statement.format ?? head.defaultFormat ?? 'TabSeparated';
  const bytes = await rows(engine, matching, status, format);
  const nothing = (): number => 0;
  return { format, rows: bytes, rowsRead: nothing, bytesRead: nothing, rowsWritten: 0 };
}

function parseKill({ tokens, sql }: Statement, user: string): Kill {
  const whereAt = tokens.findIndex((token) => isWord(token, 'WHERE'));
  if (whereAt !== 2) throw exception('SYNTAX_ERROR', 'Expected KILL QUERY WHERE …');
  let end = tokens.findIndex((token) => token.depth === 0 && isWord(token, 'FORMAT'));
  if (end === -1) end = tokens.length;
  let mode: Mode = 'ASYNC';
  const last = tokens[end - 1];
  if (isWord(last, 'SYNC', 'ASYNC', 'TEST')) {
    mode = last?.text.toUpperCase() as Mode;
    end -= 1;
  }
  const condition = tokens.slice(3, end);
  if (condition.length === 0) throw exception('SYNTAX_ERROR', 'Expected a condition after WHERE');
  return { where: rebuild(condition, sql, user), mode };
}

/** The condition with the user's name for currentUser(), which the engine does not know. */
function rebuild(condition: readonly Token[], sql: string, user: string): string {
  const parts: string[] = [];
  for (let i = 0; i < condition.length; i += 1) {
    const token = condition[i]!;
    if (token.kind === 'word' && !WORDS.has(token.text.toLowerCase())) {
      const text = `KILL QUERY here knows query_id, user, query, elapsed, current_database and simple comparisons, not ${token.text}`;
      throw exception('SUPPORT_IS_DISABLED', text, 400);
    }
    const calls = isSymbol(condition[i + 1], '(') && isSymbol(condition[i + 2], ')');
    if (isWord(token, 'CURRENTUSER', 'CURRENT_USER')) {
      parts.push(Buffer.from(quoted(user), 'utf8').toString('latin1'));
      if (calls) i += 2;
    } else parts.push(sql.slice(token.start, token.end));
  }
  return parts
    .join(' ')
    .replace(/([<>!=]) (?==)/g, '$1')
    .replaceAll('< >', '<>')
    .replaceAll('| |', '||');
}

function select(engine: Engine, registry: Registry, where: string, head: RequestHead): Entry[] {
  const entries = [...registry.entries];
  const condition = toText(where);
  const table = `SELECT *, query_id AS initial_query_id, user AS initial_user FROM ${requestTable(entries)}`;
  const setUp = [...head.params].map(([name, value]) => `SET param_${name} = ${quoted(value)}`);
  setUp.push('SET max_query_size = 100000000', 'SET readonly = 1');
  const answer = engine.control(`SELECT tag FROM (${table}) WHERE ${condition}\n`, setUp);
  const tags = new Set(
    answer.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as string[]))),
  );
  return entries.filter(({ tag }) => tags.has(tag));
}

async function rows(
  engine: Engine,
  entries: readonly Entry[],
  status: string,
  format: string,
): Promise<AsyncIterable<Uint8Array>> {
  const connection = engine.connect('kill');
  try {
    await connection.run('SET max_query_size = 100000000', 'Null');
    const columns = `${quoted(status)} AS kill_status, query_id, user, query`;
    const { bytes } = await connection.run(
      `SELECT ${columns} FROM ${requestTable(entries)}`,
      format,
    );
    return once(bytes);
  } finally {
    connection.close();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await delay(0);
  if (bytes.length > 0) yield bytes;
}

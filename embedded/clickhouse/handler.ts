// One HTTP request from its head to the last byte of its answer, and one log line about it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../platform/log.ts';
import { decodeBody } from './decode-body.ts';
import { withoutPauses } from './pauses.ts';
import type { Connection, Engine } from './engine.ts';
import { asException, exception } from './exception.ts';
import {
  execute,
  insert,
  prepare,
  resultLimit,
  type Outcome,
  type ReadonlyLevel,
} from './execute.ts';
import { isKillQuery, killQuery } from './kill.ts';
import { withProcesses } from './processes.ts';
import {
  refuseOutsideSettings,
  refuseOutsideText,
  refuseOutsideTree,
  type OutsideRules,
} from './outside.ts';
import { guardReader, guardReaderText, readerSettings, type FunctionRules } from './readonly.ts';
import { refuseDangerous } from './refuse.ts';
import type { Entry, Registry } from './registry.ts';
import { parseSearch, readHead, type RequestHead } from './request.ts';
import { commonHeaders, sendException, sendRows } from './response.ts';
import type { Spool, Spooled } from './spool.ts';
import { READS, readStatement, type Statement } from './statement.ts';
import { syntaxTree } from './syntax.ts';
import type { SyntaxTrees } from './syntax-trees.ts';
import { tokenize } from './tokenizer.ts';
import { authenticate, type ClickHouseUser } from './users.ts';

export interface HandlerContext {
  readonly engine: Engine;
  readonly registry: Registry;
  readonly spool: Spool;
  readonly users: readonly ClickHouseUser[];
  readonly functions: FunctionRules;
  readonly outside: OutsideRules;
  readonly trees: SyntaxTrees;
  /** Takes out of use what {@link outside} forbids, after a statement that can bring it back. */
  readonly sweep: () => void;
  readonly maxBodyBytes: number;
  /** A client that neither sends the rest of its request nor takes its answer for so long is given up. */
  readonly maxPauseMs: number;
  readonly log: Logger;
}

/** What the log line says. */
interface Account {
  user: string;
  kind: string;
  query: string;
  bytesIn: number;
  bytesOut: number;
  rowsRead: number;
  rowsWritten: number;
}

/** Answers a query; never rejects. */
export async function handleQuery(
  context: HandlerContext,
  request: IncomingMessage,
  response: ServerResponse,
  rawSearch: string,
): Promise<void> {
  const startedAt = performance.now();
  const account: Account = {
    ...{ user: '', kind: '', query: '' },
    ...{ bytesIn: 0, bytesOut: 0, rowsRead: 0, rowsWritten: 0 },
  };
  let queryId: string | undefined;
  let spooled: Spooled | undefined;
  let entry: Entry | undefined;
  let code = 0;
  try {
    commonHeaders(response, undefined);
    const method = request.method as 'GET' | 'HEAD' | 'POST';
    const head = readHead(method, parseSearch(rawSearch), request.headers);
    ({ queryId } = head);
    account.query = head.query;
    commonHeaders(response, queryId);
    const user = authenticate(context.users, head.credentials);
    account.user = user.name;
    const { database = 'default', query } = head;
    const { name, readonly: reader } = user;
    entry = context.registry.enter({ queryId, user: name, reader, query, database });
    const arriving = withoutPauses(request, context.maxPauseMs);
    const body = decodeBody(arriving, head.contentEncoding, context.maxBodyBytes);
    spooled = await unlessKilled(entry, context, context.spool.take(query, whole(body, request)));
    account.query = spooled.kind === 'insert' ? spooled.head.sql : spooled.sql;
    account.bytesIn = spooled.bytes;
    entry.query = shown(account.query);
    await answer({ ...context, response, startedAt }, { head, user, entry, spooled }, account);
  } catch (thrown) {
    const failure = asException(thrown, spooled?.kind === 'insert' ? spooled.path : undefined);
    ({ code } = failure);
    finishUpload(request, response);
    sendException(response, failure, context.engine.version);
  } finally {
    if (entry !== undefined) context.registry.leave(entry);
    if (spooled !== undefined) await context.spool.release(spooled).catch(() => undefined);
    logQuery(context.log, { queryId, code, ms: performance.now() - startedAt, ...account });
  }
}

interface Work {
  readonly head: RequestHead;
  readonly user: ClickHouseUser;
  readonly entry: Entry;
  readonly spooled: Spooled;
}

interface Answering extends HandlerContext {
  readonly response: ServerResponse;
  readonly startedAt: number;
}

async function answer(context: Answering, work: Work, account: Account): Promise<void> {
  const { head, user, spooled } = work;
  const statement = spooled.kind === 'statement' ? readStatement(spooled.sql) : undefined;
  account.kind = statement?.verb ?? 'INSERT';
  if (statement !== undefined) refuseDangerous(statement, head.sessionId);
  const { tokens } = statement ?? insertStatement(spooled);
  refuseOutsideSettings(head.settings);
  refuseOutsideText(tokens, head.params, context.outside);
  const { entry } = work;
  if (statement !== undefined && isKillQuery(statement)) {
    // It neither waits for a turn nor finds itself.
    context.registry.leave(entry);
    await send(context, head, await killQuery(context, statement, head, user), account);
    return;
  }
  await context.registry.run(entry, async () => {
    const connection = context.engine.connect(entry.tag);
    const stop = cancelWhenGone(context, entry, statement);
    try {
      const outcome = await run(context, connection, work, statement);
      if (entry.killed.aborted) throw exception('QUERY_WAS_CANCELLED', 'Query was cancelled');
      await send(context, head, outcome, account);
    } finally {
      stop();
      connection.close();
    }
  });
}

async function run(
  context: HandlerContext,
  connection: Connection,
  { head, user, spooled }: Work,
  statement: Statement | undefined,
): Promise<Outcome> {
  const level = readonlyLevel(head, user);
  if (spooled.kind === 'insert' || statement === undefined) {
    await prepare(connection, head, level, []);
    if (spooled.kind !== 'insert') throw exception('SYNTAX_ERROR', 'Empty query');
    // Without a query in it, the text alone says all that an INSERT can do.
    if (spooled.head.input !== undefined)
      await guard(context, head, user, insertStatement(spooled), []);
    return insert(connection, spooled);
  }
  const presets = resultLimit(statement, head);
  if (user.readonly) presets.push(...readerSettings(statement, head));
  await prepare(connection, head, level, presets);
  await guard(context, head, user, statement, presets);
  const shown = withProcesses(statement, context.registry.entries);
  const outcome = await execute(connection, shown, head);
  if (BRINGS_BACK.has(statement.verb)) context.sweep();
  return outcome;
}

/** Statements after which there can be tables that were made before this server looked at them. */
const BRINGS_BACK: ReadonlySet<string> = new Set(['ATTACH', 'RESTORE', 'UNDROP']);

/** An INSERT up to its data. */
function insertStatement(spooled: Spooled): Statement {
  const end = spooled.kind === 'insert' ? spooled.head.formatStart : 0;
  const sql = spooled.kind === 'insert' ? spooled.head.sql.slice(0, end) : '';
  return { sql, tokens: [...tokenize(sql)], verb: 'INSERT', format: undefined };
}

/** A statement is parsed only, so it may be as long as the client's own limits let it be. */
const PARSING = /^max_(query_size|parser_\w+|ast_\w+|expanded_ast_elements)$/;

async function guard(
  context: HandlerContext,
  head: RequestHead,
  user: ClickHouseUser,
  statement: Statement,
  presets: readonly string[],
): Promise<void> {
  const { functions, outside, trees } = context;
  if (user.readonly) guardReaderText(statement);
  if (statement.verb === 'SET' || statement.verb === 'USE') return;
  const settings = new Map([...head.settings].filter(([name]) => PARSING.test(name)));
  const parsed = { ...head, settings, database: undefined };
  if (!user.readonly) {
    const clean = () => cleanConnection(context, parsed, 0, presets);
    refuseOutsideTree(await trees.of(statement, parsed, clean), statement, outside);
    return;
  }
  // A reader's text is parsed each time: its guard asks the same connection for more.
  await using clean = await cleanConnection(context, parsed, 1, presets);
  const tree = await syntaxTree(clean, statement);
  refuseOutsideTree(tree, statement, outside);
  await guardReader(clean, tree, statement, functions, outside);
}

/** A connection without the request's settings but those that parsing needs. */
async function cleanConnection(
  { engine }: HandlerContext,
  head: RequestHead,
  level: ReadonlyLevel,
  presets: readonly string[],
): Promise<Connection & AsyncDisposable> {
  const connection = engine.connect('guard');
  const clean = {
    ...connection,
    [Symbol.asyncDispose]: () => {
      connection.close();
      return Promise.resolve();
    },
  };
  try {
    await prepare(connection, head, level, presets);
    return clean;
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

function readonlyLevel(head: RequestHead, user: ClickHouseUser): ReadonlyLevel {
  const asked = head.settings.get('readonly');
  if (user.readonly || asked === '1') return 1;
  return asked === '2' || head.method !== 'POST' ? 2 : 0;
}

async function send(
  { maxPauseMs, response, startedAt }: Answering,
  head: RequestHead,
  outcome: Outcome,
  account: Account,
): Promise<void> {
  const summary = () => ({
    rowsRead: outcome.rowsRead(),
    bytesRead: outcome.bytesRead(),
    rowsWritten: outcome.rowsWritten,
    elapsedNs: Math.round((performance.now() - startedAt) * 1e6),
  });
  const { format, rows } = outcome;
  const { acceptEncoding } = head;
  const options = { format, acceptEncoding, maxPauseMs, summary };
  account.bytesOut = await sendRows(response, rows, options);
  account.rowsRead = outcome.rowsRead();
  account.rowsWritten = outcome.rowsWritten;
}

/** Nobody waits for the rows of a query whose client has gone; a write is left to end. */
function cancelWhenGone(
  { registry, response }: Answering,
  entry: Entry,
  statement: Statement | undefined,
): () => void {
  if (statement === undefined || !READS.has(statement.verb)) return () => undefined;
  const onClose = (): void => {
    if (!response.writableFinished) registry.kill(entry);
  };
  response.once('close', onClose);
  if (response.destroyed) onClose();
  return () => response.off('close', onClose);
}

/** The body, if it arrives whole. */
async function* whole(
  body: AsyncIterable<Buffer>,
  request: IncomingMessage,
): AsyncGenerator<Buffer> {
  yield* body;
  if (!request.complete) throw exception('ABORTED', 'The request body was cut short', 400);
}

/** What was taken in, unless the request is killed first: then at once the error. */
async function unlessKilled(
  entry: Entry,
  { spool }: HandlerContext,
  taking: Promise<Spooled>,
): Promise<Spooled> {
  const { promise, resolve } = Promise.withResolvers<'killed'>();
  const onKill = (): void => resolve('killed');
  entry.killed.addEventListener('abort', onKill, { once: true });
  const first = await Promise.race([taking, promise]);
  entry.killed.removeEventListener('abort', onKill);
  if (first !== 'killed') return first;
  taking.then((late) => spool.release(late)).catch(() => undefined);
  throw exception('QUERY_WAS_CANCELLED', 'Query was cancelled');
}

/** After an error in mid-body the rest is neither read nor kept for a next request. */
function finishUpload(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  if (!response.headersSent) response.setHeader('Connection', 'close');
  response.once('finish', () => request.destroy());
}

const SHOWN_LENGTH = 10_000;
/** QUERY_WAS_CANCELLED */
const CANCELLED = 394;

function shown(binary: string): string {
  return Buffer.from(binary.slice(0, SHOWN_LENGTH), 'latin1').toString('utf8').trim();
}

function logQuery(
  log: Logger,
  { query, ...fields }: Account & { queryId: string | undefined; code: number; ms: number },
): void {
  const text = shown(query).replace(/\s+/g, ' ').slice(0, 200);
  const { queryId, ...rest } = fields;
  const line = { query_id: queryId, ...rest, ms: Math.round(fields.ms * 10) / 10 };
  // Who goes away or kills a query knows; it is no warning for anybody else.
  if (fields.code === 0 || fields.code === CANCELLED) log.info(line, text);
  else log.warn(line, text);
}

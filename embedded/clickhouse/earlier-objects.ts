// Takes objects out of use that were created before this server refused them: databases, tables, views,
// dictionaries and functions that reach outside of the engine. It detaches them, does not drop them, and
// names each in the log.
import type { Logger } from '../../platform/log.ts';
import type { Engine } from './engine.ts';
import { asException } from './exception.ts';
import { refuseOutsideText, refuseOutsideTree, type OutsideRules } from './outside.ts';
import { quotedName } from '../../platform/clickhouse/quoted.ts';
import { readStatement } from './statement.ts';
import { nodesOf } from './syntax.ts';

/** The engine's own, whose tables are the engine's too. */
const SYSTEM = "('system', 'information_schema', 'INFORMATION_SCHEMA')";
const NO_PARAMS: ReadonlyMap<string, string> = new Map();

/**
 * The names, lower case, of functions in SQL that reach outside, by themselves or through one another.
 * They stay (the engine cannot detach one); the rules made with these names refuse to call them.
 */
export function functionsOutside(
  engine: Engine,
  rules: (own: readonly string[]) => OutsideRules,
  log: Logger,
): string[] {
  const defined = rowsOf(
    engine,
    `SELECT name, create_query FROM system.functions WHERE origin = 'SQLUserDefined'`,
  );
  const found = new Map<string, string>();
  for (let before = -1; before < found.size;) {
    before = found.size;
    const known = rules([...found.keys()]);
    for (const [name = '', text = ''] of defined) {
      const why = found.has(name) ? undefined : reachesOutside(engine, text, known);
      if (why !== undefined) found.set(name, why);
    }
  }
  for (const [name, why] of found)
    log.warn(
      { function: name },
      `The function ${name} is refused: ${why}. DROP FUNCTION removes it`,
    );
  return [...found.keys()];
}

/** Detaches what reaches outside. Blocking, and quick: it reads definitions only. */
export function detachOutside(engine: Engine, rules: OutsideRules, log: Logger): void {
  // First the databases: listing the tables of one elsewhere would ask for them there.
  const databases = `SELECT name, engine FROM system.databases WHERE name NOT IN ${SYSTEM}`;
  for (const [name = '', kind = ''] of rowsOf(engine, databases)) {
    if (rules.engines.has(kind.toLowerCase())) continue;
    detach(
      engine,
      log,
      `DATABASE ${quotedName(name)}`,
      `the engine ${kind}`,
      `metadata/${name}.sql`,
    );
  }
  const tables = `SELECT database, name, engine, create_table_query, metadata_path FROM system.tables
    WHERE database NOT IN ${SYSTEM}`;
  for (const [database = '', name = '', kind = '', text = '', path = ''] of rowsOf(
    engine,
    tables,
  )) {
    const isKnown = rules.engines.has(kind.toLowerCase()) || kind === 'Dictionary';
    const why = isKnown ? reachesOutside(engine, text, rules) : `the engine ${kind}`;
    if (why === undefined) continue;
    const what = kind === 'Dictionary' ? 'DICTIONARY' : 'TABLE';
    detach(engine, log, `${what} ${quotedName(database)}.${quotedName(name)}`, why, path);
  }
}

function detach(engine: Engine, log: Logger, what: string, why: string, path: string): void {
  engine.control(`DETACH ${what}`);
  const text = `${what} is detached, because it reaches outside of the engine (${why}): to remove it for good, stop the server and delete ${path}`;
  log.warn({ detached: what }, text);
}

/** Why a definition reaches outside; undefined if it does not. */
function reachesOutside(engine: Engine, text: string, rules: OutsideRules): string | undefined {
  try {
    const statement = readStatement(Buffer.from(text, 'utf8').toString('latin1'));
    refuseOutsideText(statement.tokens, NO_PARAMS, rules);
    const explained = rowsOf(engine, `EXPLAIN AST ${text}`, ['SET max_query_size = 100000000']);
    const tree = nodesOf(explained.map(([line]) => line).join('\n'));
    refuseOutsideTree(tree, statement, rules);
    return undefined;
  } catch (thrown) {
    // A definition that the engine cannot read proves nothing either.
    return asException(thrown).message;
  }
}

function rowsOf(engine: Engine, sql: string, setUp: readonly string[] = []): string[][] {
  const lines = engine.control(sql, setUp).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as string[]);
}

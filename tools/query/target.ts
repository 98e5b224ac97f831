// Finds the ClickHouse that `npm run query` asks: the named one, else the running one, else the data at rest,
// opened for this one query.
import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { clickhouseTarget, clickhouseVariables } from '../../platform/clickhouse/variables.ts';
import { readConfig } from '../../platform/config.ts';
import { UnavailableError } from '../../platform/errors.ts';
import { nothingAnswers } from '../../platform/nothing-answers.ts';
import { silentLog } from '../../platform/log.ts';
import { runningStack } from '../../embedded/launch/claim.ts';
import { HOST, foldersOf } from '../../embedded/launch/config.ts';
import { requireEngine } from '../../embedded/launch/requirements.ts';

export interface QueryTarget extends AsyncDisposable {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

const PING_MS = 2_000;

/**
 * Where to send a query; dispose of it afterwards. `opening` is called when the data have to be opened.
 * @throws {UnavailableError} when nothing runs and there are no data.
 * @throws {ConfigError} when another process holds them.
 */
export async function findTarget(opening: () => void): Promise<QueryTarget> {
  const config = readConfig(clickhouseVariables);
  const folders = foldersOf();
  const named = clickhouseTarget(config);
  if (config.CLICKHOUSE_URL !== undefined) return remote(named);
  const stack = await runningStack(folders.home);
  if (stack !== undefined) return remote({ ...named, url: stack.clickhouseUrl });
  if (await answers(named.url)) return remote(named);
  if (!(await exists(folders.clickhouse))) {
    const away = nothingAnswers('ClickHouse', new URL(named.url).host);
    throw new UnavailableError(`${away}; there are no data in ${folders.home} either`);
  }
  requireEngine();
  opening();
  return openData(folders.clickhouse, named.database);
}

function remote(target: Omit<QueryTarget, typeof Symbol.asyncDispose>): QueryTarget {
  return { ...target, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function openData(dataPath: string, database: string): Promise<QueryTarget> {
  const { startClickHouse } = await import('../../embedded/clickhouse/server.ts');
  // A name and password that nobody else on this machine can know.
  const user = { name: 'query', password: randomBytes(16).toString('hex'), readonly: false };
  const log = silentLog();
  const server = await startClickHouse({ host: HOST, port: 0, dataPath, users: [user], log });
  return {
    ...{ url: server.url, username: user.name, password: user.password, database },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(new URL('/ping', url), { signal: AbortSignal.timeout(PING_MS) })).ok;
  } catch {
    return false;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

// The ClickHouse engine inside this process (chdb). Every request gets a connection of its own, which
// costs a fraction of a millisecond and makes settings, parameters and `readonly` end with it.
import { readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { ConfigError, asError, errorCode } from '../../platform/errors.ts';

type Chdb = typeof import('chdb');
type Session = InstanceType<Chdb['Session']>;

export interface Result {
  readonly bytes: Uint8Array;
  readonly rowsRead: number;
  readonly bytesRead: number;
}

/** One request's connection. Its calls must not overlap. */
export interface Connection {
  run(sql: string, format: string): Promise<Result>;
  /** For formats that are plain concatenations of rows. Breaking off the loop stops the engine. */
  stream(sql: string, format: string): AsyncIterable<Uint8Array>;
  close(): void;
}

export interface Engine {
  readonly version: string;
  /** `tag` is how {@link Engine.cancel} finds what runs on the connection. */
  connect(tag: string): Connection;
  /** Asks the engine to stop what runs under `tag`. */
  cancel(tag: string): void;
  /** A short statement, at once and blocking; not for user data of any size. */
  control(sql: string, setUp?: readonly string[]): string;
  /** Everything must have ended before. */
  close(): Promise<void>;
}

/** A text setting without an effect of its own; it shows in `system.processes`. */
export const TAG_SETTING = 'chdb_client_name';
/** The pool of threads queries run on, files are written with and bodies are decompressed by. */
const THREADS = '24';

/**
 * Opens the engine on a data folder, which only one process can do at a time.
 * @throws {ConfigError} when chdb is not installed, or the folder cannot be used.
 */
export async function openEngine(dataPath: string): Promise<Engine> {
  // Both are read once, when the engine and the pool start: a process keeps its zone and its size.
  process.env['TZ'] = 'UTC';
  process.env['UV_THREADPOOL_SIZE'] = THREADS;
  const chdb = await load();
  await prepareFolder(dataPath);
  // Where BACKUP … TO File('name') may write, as in the configuration of a real server.
  const backups = `--backups.allowed_path=${join(dataPath, 'backups')}`;
  const open = (tag: string): Session =>
    new chdb.Session(dataPath, {
      connectionArgs: ['--implicit_select=0', `--${TAG_SETTING}=${tag}`, backups],
    });
  const main = openFirst(open, dataPath);
  withoutFiles(main);
  return {
    version: main.query('SELECT version()', 'TSVRaw').trim(),
    connect: (tag) => connection(open(tag)),
    cancel: (tag) => {
      main.query(`KILL QUERY WHERE Settings['${TAG_SETTING}'] = ${quoted(tag)} ASYNC`, 'Null');
    },
    control: (sql, setUp = []) => {
      const session = open('control');
      try {
        for (const statement of setUp) session.query(statement, 'Null');
        return session.query(sql, 'JSONCompactStringsEachRow');
      } finally {
        session.close();
      }
    },
    close: async () => {
      await chdb.drainPending();
      main.close();
    },
  };
}

function connection(session: Session): Connection {
  return {
    run: async (sql, format) => {
      const result = await session.queryAsync(sql, { format });
      return {
        bytes: result.bytes(),
        rowsRead: result.rowsRead,
        bytesRead: result.bytesRead,
      };
    },
    stream: async function* (sql, format) {
      for await (const chunk of session.queryStream(sql, { format })) yield chunk.raw();
    },
    close: () => session.close(),
  };
}

async function load(): Promise<Chdb> {
  try {
    return await import('chdb');
  } catch (thrown) {
    const cause = asError(thrown);
    const why = `ClickHouse's engine (the optional npm package chdb) is not available on ${process.platform}-${process.arch}`;
    const advice = 'run `npm ci` again (Linux with glibc or macOS), or use `docker compose up`';
    throw new ConfigError(`${why}: ${advice}`, { cause });
  }
}

async function prepareFolder(dataPath: string): Promise<void> {
  try {
    await mkdir(dataPath, { recursive: true });
  } catch (thrown) {
    const cause = asError(thrown);
    throw new ConfigError(`SENSORHOUSE_DIR: cannot use ${dataPath}: ${cause.message}`, { cause });
  }
}

function openFirst(open: (tag: string) => Session, dataPath: string): Session {
  // Asked first where the system tells, because the engine prints a line of its own when it fails.
  if (isLocked(dataPath)) throw inUse(dataPath);
  try {
    return open('main');
  } catch (thrown) {
    throw inUse(dataPath, asError(thrown));
  }
}

/**
 * In the engine's database `default` every file of the machine is a table. Attached again it holds its own tables
 * only. The engine makes it again at each start, so nothing on the disk tells the two apart.
 */
function withoutFiles(main: Session): void {
  const [id] = main
    .query(`SELECT uuid FROM system.databases WHERE name = 'default'`, 'TSV')
    .split('\n');
  main.query('DETACH DATABASE default', 'Null');
  main.query(`ATTACH DATABASE default UUID '${id ?? ''}' ENGINE = Atomic`, 'Null');
}

function inUse(dataPath: string, cause?: Error): ConfigError {
  const pid = lockHolder(dataPath);
  const why =
    pid === undefined
      ? `ClickHouse cannot open its data in ${dataPath}`
      : `ClickHouse's data in ${dataPath} are in use by process ${pid}: stop it, or set SENSORHOUSE_DIR to another folder`;
  return new ConfigError(why, { cause });
}

/** Whether Linux lists a lock on the engine's `status` file. False where there is no such list. */
function isLocked(dataPath: string): boolean {
  try {
    const { ino } = statSync(join(dataPath, 'status'));
    const locks = readFileSync('/proc/locks', 'utf8').split('\n');
    return locks.some((line) => line.includes('FLOCK') && line.includes(`:${ino} `));
  } catch {
    return false;
  }
}

/** The engine notes its process in a file called `status`. Undefined: nobody who still lives. */
export function lockHolder(dataPath: string): number | undefined {
  try {
    const pid = Number(/^PID: (\d+)/m.exec(readFileSync(join(dataPath, 'status'), 'utf8'))?.[1]);
    return isAlive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return errorCode(thrown) === 'EPERM';
  }
}

// The embedded ClickHouse as a process of its own, as in production: the engine blocks the thread it
// runs on. The one way in which tests, faults and benchmarks start it.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../embedded/kafka/ports.ts';
import { startTied } from '../../embedded/kafka/tied-process.ts';
import { environment } from '../../platform/config.ts';
import { CREDENTIALS, clickhouseReady, clickhouseUrl } from './servers.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const STOP_MS = 15_000;

export interface ClickHouseProcess extends AsyncDisposable {
  /** With the tests' credentials in it. */
  readonly url: string;
  readonly pid: number;
  /** kill -9, and resolves once it is dead. */
  kill(): Promise<void>;
}

export interface ClickHouseHome {
  /** Data in its subfolder `clickhouse`; what it prints beside it, or in `outputPath`. */
  readonly folder: string;
  readonly outputPath?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** From the project's root. Default: the program of `npm run clickhouse`. */
  readonly program?: string;
}

/**
 * Resolves once the server answers queries.
 * @throws {Error} with what it printed when it ends instead.
 */
export async function startClickHouseProcess(home: ClickHouseHome): Promise<ClickHouseProcess> {
  const { folder, outputPath = join(folder, 'clickhouse.out') } = home;
  const { program = 'embedded/clickhouse-main.ts' } = home;
  const port = home.port ?? (await freePort('127.0.0.1'));
  await mkdir(folder, { recursive: true });
  const server = await startTied({
    program: process.execPath,
    args: [join(PROJECT, program)],
    cwd: PROJECT,
    env: {
      ...environment(),
      CLICKHOUSE_PORT: String(port),
      CLICKHOUSE_USER: CREDENTIALS.user,
      CLICKHOUSE_PASSWORD: CREDENTIALS.password,
      SENSORHOUSE_DIR: folder,
    },
    outputPath,
  });
  const ended = server.ended.then(async (code): Promise<never> => {
    const printed = (await readFile(outputPath, 'utf8')).trim().slice(-2_000);
    throw new Error(`the embedded ClickHouse ended with exit code ${code}:\n${printed}`);
  });
  ended.catch(() => undefined); // after a start that worked, the tests themselves tell
  const stop = () => server.stop(STOP_MS);
  try {
    await clickhouseReady(port, ended);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    url: clickhouseUrl(port),
    pid: server.pid,
    kill: async () => {
      server.kill('SIGKILL');
      await server.ended;
    },
    [Symbol.asyncDispose]: stop,
  };
}

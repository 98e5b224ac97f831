// A Kafka and a ClickHouse that a fault may kill: on fixed ports, with data that outlives them.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka, type KafkaBroker } from '../../embedded/kafka/broker.ts';
import { freePort } from '../../embedded/kafka/ports.ts';
import { startTied, type TiedProcess } from '../../embedded/kafka/tied-process.ts';
import { environment } from '../../platform/config.ts';
import { silentLog } from '../../platform/log.ts';
import { KAFKA_LIBS } from '../backend/embedded.ts';
import { CREDENTIALS, clickhouseReady, clickhouseUrl } from '../backend/servers.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const STOP_MS = 15_000;

/** A server that can be killed and comes back as the same. */
export interface Mortal extends AsyncDisposable {
  /** What clients connect to. */
  readonly address: string;
  /** kill -9, and resolves once it is dead. */
  kill(): Promise<void>;
  /** Starts it again on its data; resolves once it answers. */
  revive(): Promise<void>;
}

export async function mortalClickHouse(): Promise<Mortal> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-chaos-'));
  const port = await freePort('127.0.0.1');
  let server: TiedProcess | undefined;
  const revive = async (): Promise<void> => {
    await mkdir(join(folder, 'data'), { recursive: true });
    const started = await startTied({
      program: process.execPath,
      args: [join(PROJECT, 'embedded', 'clickhouse-main.ts')],
      cwd: PROJECT,
      env: {
        ...environment(),
        CLICKHOUSE_PORT: String(port),
        CLICKHOUSE_USER: CREDENTIALS.user,
        CLICKHOUSE_PASSWORD: CREDENTIALS.password,
        SENSORHOUSE_DIR: join(folder, 'data'),
      },
      outputPath: join(folder, 'clickhouse.out'),
    });
    server = started;
    const ended = started.ended.then((code): never => {
      throw new Error(`ClickHouse ended with exit code ${code}`);
    });
    ended.catch(() => undefined);
    await clickhouseReady(port, ended);
  };
  const kill = async (): Promise<void> => {
    server?.kill('SIGKILL');
    await server?.ended;
  };
  await revive();
  return {
    address: clickhouseUrl(port),
    kill,
    revive,
    [Symbol.asyncDispose]: async () => {
      await server?.stop(STOP_MS);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function mortalKafka(): Promise<Mortal> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-chaos-'));
  const port = await freePort('127.0.0.1');
  const start = (): Promise<KafkaBroker> =>
    startKafka({
      host: '127.0.0.1',
      port,
      dataPath: join(folder, 'kafka'),
      libsPath: KAFKA_LIBS,
      log: silentLog(),
    });
  let broker = await start();
  return {
    address: broker.bootstrap,
    kill: async () => {
      broker.kill('SIGKILL');
      await broker.ended;
    },
    revive: async () => {
      broker = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await broker[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// A Kafka and a ClickHouse that a fault may kill: on fixed ports, with data that outlives them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka, type KafkaBroker } from '../../embedded/kafka/broker.ts';
import { freePort } from '../../embedded/kafka/ports.ts';
import { silentLog } from '../../platform/log.ts';
import { startClickHouseProcess, type ClickHouseProcess } from '../backend/clickhouse-process.ts';
import { KAFKA_LIBS } from '../backend/embedded.ts';

/** A server that can be killed and comes back as the same. */
export interface Mortal extends AsyncDisposable {
  /** What clients connect to. */
  readonly address: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** kill -9, and resolves once it is dead. */
  kill(): Promise<void>;
  /** Starts it again on its data; resolves once it answers. */
  revive(): Promise<void>;
}

/** `dataFolder` keeps the data where a fault wants them; it is not deleted. */
export async function mortalClickHouse(dataFolder?: string): Promise<Mortal> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-chaos-'));
  const port = await freePort('127.0.0.1');
  const start = (): Promise<ClickHouseProcess> =>
    startClickHouseProcess({
      folder: dataFolder ?? join(folder, 'data'),
      outputPath: join(folder, 'clickhouse.out'),
      port,
    });
  let server = await start();
  return {
    address: server.url,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    revive: async () => {
      server = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** `advertised` is what clients connect to instead of the broker itself: `host:port` of a proxy. */
export async function mortalKafka(advertised?: string): Promise<Mortal> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-chaos-'));
  const port = await freePort('127.0.0.1');
  const start = (): Promise<KafkaBroker> =>
    startKafka({
      host: '127.0.0.1',
      port,
      dataPath: join(folder, 'kafka'),
      libsPath: KAFKA_LIBS,
      log: silentLog(),
      ...(advertised === undefined
        ? {}
        : { overrides: { 'advertised.listeners': `PLAINTEXT://${advertised}` } }),
    });
  let broker = await start();
  return {
    address: broker.bootstrap,
    get pid() {
      return broker.pid;
    },
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

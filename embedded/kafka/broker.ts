// Runs one real Kafka broker on this machine: prepares its folder, starts its JVM, and returns it once the
// broker answers as itself. The broker never outlives this process and keeps its data.
import { realpath } from 'node:fs/promises';
import { isLoopback } from '../../platform/demo-passwords.ts';
import { ConfigError, UnavailableError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { ensureKafkaLibs } from './artifacts.ts';
import { claimFolder, type Claim } from './claim.ts';
import { ensureClassArchive } from './class-archive.ts';
import { findJava, type Java } from './java.ts';
import { jvmFor, launchBroker, whenReady, type Jvm, type Outcome } from './launch.ts';
import { failureLines } from './log-tail.ts';
import { freePort, portInUse } from './ports.ts';
import type { BrokerAddress } from './settings.ts';
import { ensureStorage } from './storage.ts';
import type { TiedProcess } from './tied-process.ts';

export interface KafkaBrokerConfig {
  /** Bound and advertised; 127.0.0.1 unless others are to reach it. */
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Default: a free one. */
  controllerPort?: number;
  /** Topics, cluster id, log files. One broker at a time. */
  dataPath: string;
  /** Kafka's jars; fetched when missing, shared between instances. */
  libsPath: string;
  /** Most memory for Java objects. Kafka's speed comes from the page cache, not from here. */
  heapMb?: number;
  log: Logger;
  /** Further lines of server.properties, over ours. */
  overrides?: Record<string, string>;
}

export interface KafkaBroker extends AsyncDisposable {
  readonly port: number;
  /** `host:port`, for clients. */
  readonly bootstrap: string;
  readonly pid: number;
  readonly clusterId: string;
  /** The exit code if the broker ends without having been disposed; 128 + signal if killed. */
  readonly ended: Promise<number>;
  /** Sends a signal and does nothing else, for tests of faults. */
  kill(signal: NodeJS.Signals): void;
}

const STOP_GRACE_MS = 15_000;
const DEFAULT_HEAP_MB = 512;
/** Free ports can be lost to another process before Kafka binds them. */
const PORT_ATTEMPTS = 3;

/**
 * Starts a broker and resolves once it answers and is the one that was started.
 * @throws {ConfigError} when the port or the folder is taken, Java or Maven is missing, or `host` is
 * not loopback.
 */
export async function startKafka(config: KafkaBrokerConfig): Promise<KafkaBroker> {
  const { host, port, dataPath, log } = config;
  if (!isLoopback(host)) {
    throw new ConfigError(`the embedded Kafka knows no login, so it does not listen on ${host}`);
  }
  const java = await findJava();
  const claim = await claimFolder(dataPath, log);
  try {
    // Before anything is downloaded, but after a broker that a crash left on the port was ended.
    if (port !== 0 && (await portInUse(host, port))) throw portTaken(host, port);
    const jvm = await prepareJvm(java, config);
    const clusterId = await ensureStorage(jvm, dataPath, config.libsPath);
    return await startOnFreePort(config, jvm, clusterId, claim);
  } catch (thrown) {
    await claim.release();
    throw thrown;
  }
}

async function prepareJvm(java: Java, config: KafkaBrokerConfig): Promise<Jvm> {
  const progress = (line: string): void => config.log.info(line);
  await ensureKafkaLibs({ libsPath: config.libsPath, progress });
  // The real path: an archive made through one name would not fit another name of the same folder.
  const libsPath = await realpath(config.libsPath);
  const archive = await ensureClassArchive(java, libsPath, progress);
  return jvmFor(java.path, libsPath, archive);
}

async function startOnFreePort(
  config: KafkaBrokerConfig,
  jvm: Jvm,
  clusterId: string,
  claim: Claim,
): Promise<KafkaBroker> {
  const { dataPath, heapMb = DEFAULT_HEAP_MB, overrides = {} } = config;
  for (let attempt = 1; ; attempt += 1) {
    const address = await chooseAddress(config);
    const broker = await launchBroker({ jvm, dataPath, address, heapMb, overrides });
    await using unready = new AsyncDisposableStack();
    unready.defer(() => broker.stop(STOP_GRACE_MS));
    await claim.recordBroker(broker.pid);
    const outcome = await whenReady(broker, address, clusterId);
    if (outcome === 'ready') {
      unready.move();
      return running(broker, address, clusterId, claim);
    }
    await unready.disposeAsync();
    if (attempt < PORT_ATTEMPTS && (await lostPort(config, address))) continue;
    throw await startFailure(outcome, config, address);
  }
}

async function chooseAddress({ host, port, controllerPort }: KafkaBrokerConfig) {
  return {
    host,
    port: port === 0 ? await freePort(host) : port,
    controllerPort: controllerPort ?? (await freePort(host)),
  };
}

function portTaken(host: string, port: number): ConfigError {
  return new ConfigError(
    `KAFKA_PORT: ${host}:${port} is in use by another program; stop it or set KAFKA_PORT to a free port`,
  );
}

async function lostPort(config: KafkaBrokerConfig, address: BrokerAddress): Promise<boolean> {
  const { host, port, controllerPort } = address;
  const client = config.port === 0 && (await portInUse(host, port));
  return client || (config.controllerPort === undefined && (await portInUse(host, controllerPort)));
}

async function startFailure(
  outcome: Exclude<Outcome, 'ready'>,
  { dataPath }: KafkaBrokerConfig,
  { host, port }: BrokerAddress,
): Promise<Error> {
  if (outcome === 'foreign' || (await portInUse(host, port))) return portTaken(host, port);
  const what = outcome === 'ended' ? 'ended while starting' : 'did not become ready in time';
  const lines = await failureLines(dataPath);
  return new UnavailableError(`Kafka ${what}; from its log in ${dataPath}:\n${lines}`);
}

function running(
  broker: TiedProcess,
  { host, port }: BrokerAddress,
  clusterId: string,
  claim: Claim,
): KafkaBroker {
  let disposed = false;
  const ended = new Promise<number>((resolve) => {
    void broker.ended.then(async (code) => {
      await claim.release();
      if (!disposed) resolve(code);
    });
  });
  return {
    port,
    bootstrap: `${host}:${port}`,
    pid: broker.pid,
    clusterId,
    ended,
    kill: (signal) => broker.kill(signal),
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      await broker.stop(STOP_GRACE_MS);
      await claim.release();
    },
  };
}

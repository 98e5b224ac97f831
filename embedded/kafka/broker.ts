// Runs one real Kafka broker on this machine: prepares its folder, starts its JVM, and hands it over
// once the broker answers as itself. The broker never outlives this process and keeps its data.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { ensureKafkaLibs } from './artifacts.ts';
import { claimFolder, type Claim } from './claim.ts';
import { findJava } from './java.ts';
import { OUTPUT_FILE, failureLines } from './log-tail.ts';
import { freePort, portInUse } from './ports.ts';
import { askBroker } from './probe.ts';
import {
  NODE_ID,
  STORAGE_FOLDER,
  logProperties,
  propertiesText,
  serverSettings,
} from './settings.ts';
import type { BrokerAddress } from './settings.ts';
import { ensureStorage } from './storage.ts';
import { startTied, type TiedProcess } from './tied-process.ts';

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

const READY_TIMEOUT_MS = 120_000;
const STOP_GRACE_MS = 15_000;
const DEFAULT_HEAP_MB = 512;
/** Free ports can be lost to another process before Kafka binds them. */
const PORT_ATTEMPTS = 3;

/**
 * Starts a broker and resolves once it answers and is the one that was started.
 * @throws {ConfigError} when the port or the folder is taken, or Java or Maven is missing.
 */
export async function startKafka(config: KafkaBrokerConfig): Promise<KafkaBroker> {
  const { dataPath, libsPath, log } = config;
  const java = await findJava();
  await ensureKafkaLibs({ libsPath, progress: (line) => log.info(line) });
  const claim = await claimFolder(dataPath, log);
  try {
    const jvmArgs = [...JVM_FLAGS, '-cp', join(libsPath, '*')];
    const clusterId = await ensureStorage({ dataPath, java: java.path, jvmArgs });
    for (let attempt = 1; ; attempt += 1) {
      const address = await chooseAddress(config);
      const jvm = await launch(config, address, java.path, claim);
      const outcome = await whenReady(jvm, address, clusterId);
      if (outcome === 'ready') return running(jvm, address, clusterId, claim);
      await jvm.stop(STOP_GRACE_MS);
      if (attempt < PORT_ATTEMPTS && (await lostPort(config, address))) continue;
      throw await startFailure(outcome, config, address);
    }
  } catch (thrown) {
    await claim.release();
    throw thrown;
  }
}

// Measured on 2 cores: see docs/decisions. Serial needs no threads of its own on a small machine.
const JVM_FLAGS = ['-XX:+UseSerialGC', '-XX:-UsePerfData', '-Djava.awt.headless=true'];

async function chooseAddress({ host, port, controllerPort }: KafkaBrokerConfig) {
  if (port !== 0 && (await portInUse(host, port))) throw portTaken(host, port);
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

async function launch(
  { dataPath, libsPath, heapMb = DEFAULT_HEAP_MB, overrides, log }: KafkaBrokerConfig,
  address: BrokerAddress,
  java: string,
  claim: Claim,
): Promise<TiedProcess> {
  const settings = { ...serverSettings(address, STORAGE_FOLDER), ...overrides };
  await writeFile(join(dataPath, 'server.properties'), propertiesText(settings));
  await writeFile(join(dataPath, 'log4j2.properties'), logProperties());
  const args = [
    ...JVM_FLAGS,
    `-Xmx${heapMb}m`,
    '-XX:+ExitOnOutOfMemoryError',
    '-XX:ErrorFile=crash-%p.log',
    '-Dlog4j2.configurationFile=log4j2.properties',
    `-Dsensorhouse.data=${dataPath}`, // for whoever reads the process list
    ...['-cp', join(libsPath, '*'), 'kafka.Kafka', 'server.properties'],
  ];
  const outputPath = join(dataPath, OUTPUT_FILE);
  const jvm = await startTied({ program: java, args, cwd: dataPath, outputPath });
  await claim.recordBroker(jvm.pid);
  log.debug({ pid: jvm.pid, ...address }, 'Kafka is starting');
  return jvm;
}

type Outcome = 'ready' | 'ended' | 'timeout' | 'foreign';

async function whenReady(
  jvm: TiedProcess,
  address: BrokerAddress,
  clusterId: string,
): Promise<Outcome> {
  let ended = false;
  void jvm.ended.then(() => (ended = true));
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const answer = await askBroker(address.host, address.port);
    if (ended as boolean) return 'ended';
    // Some systems let Kafka bind a port that another server has by another address.
    if (answer !== undefined && answer.clusterId !== clusterId) return 'foreign';
    if (answer?.brokerIds.includes(NODE_ID) === true) return 'ready';
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return 'timeout';
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
  return new Error(`Kafka ${what}; from its log in ${dataPath}:\n${await failureLines(dataPath)}`);
}

function running(
  jvm: TiedProcess,
  { host, port }: BrokerAddress,
  clusterId: string,
  claim: Claim,
): KafkaBroker {
  let disposed = false;
  const ended = new Promise<number>((resolve) => {
    void jvm.ended.then(async (code) => {
      await claim.release();
      if (!disposed) resolve(code);
    });
  });
  return {
    port,
    bootstrap: `${host}:${port}`,
    pid: jvm.pid,
    clusterId,
    ended,
    kill: (signal) => jvm.kill(signal),
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      await jvm.stop(STOP_GRACE_MS);
      await claim.release();
    },
  };
}

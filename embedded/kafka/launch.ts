// Starts the broker's JVM on a prepared folder and checks that the right broker answers.
import { readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { LOCALE_FLAGS, jvmEnvironment } from './locale.ts';
import { OUTPUT_FILE } from './log-tail.ts';
import { askBroker } from './probe.ts';
import { NODE_ID, STORAGE_FOLDER, logProperties, propertiesText } from './settings.ts';
import { serverSettings, type BrokerAddress, type Settings } from './settings.ts';
import { startTied, type TiedProcess } from './tied-process.ts';

/** How every JVM of Kafka is run on this machine. */
export interface Jvm {
  java: string;
  flags: string[];
  /** The environment, with the class path in it: on the command line it would fill a screen. */
  env: Record<string, string | undefined>;
}

export interface Launch {
  jvm: Jvm;
  dataPath: string;
  address: BrokerAddress;
  heapMb: number;
  overrides: Settings;
}

const READY_TIMEOUT_MS = 120_000;

// One small heap, one core's worth of compiler. C2 costs more CPU than it saves: a start takes 1.6 s
// of CPU instead of 3.0, and 10 million records 0.9 µs each instead of 1.3 (2 cores, Kafka 4.3.1).
const FLAGS = [
  ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
  ...LOCALE_FLAGS,
];

/** The JVM for the jars in `libsPath`; `archive` is a class archive to start from, if there is one. */
export async function jvmFor(java: string, libsPath: string, archive?: string): Promise<Jvm> {
  // In a fixed order: a class archive is valid for one class path only.
  const jars = (await readdir(libsPath)).filter((name) => name.endsWith('.jar')).sort();
  const classPath = jars.map((name) => join(libsPath, name)).join(delimiter);
  const flags = archive === undefined ? FLAGS : [...FLAGS, `-XX:SharedArchiveFile=${archive}`];
  return { java, flags, env: { ...jvmEnvironment(), CLASSPATH: classPath } };
}

/** Writes the broker's settings and starts its JVM, without waiting for it to come up. */
export async function launchBroker(launch: Launch): Promise<TiedProcess> {
  const { jvm, dataPath, address, heapMb, overrides } = launch;
  const settings = { ...serverSettings(address, STORAGE_FOLDER), ...overrides };
  await writeFile(join(dataPath, 'server.properties'), propertiesText(settings));
  await writeFile(join(dataPath, 'log4j2.properties'), logProperties());
  const args = [
    ...jvm.flags,
    `-Xmx${heapMb}m`,
    '-XX:+ExitOnOutOfMemoryError',
    '-XX:ErrorFile=crash-%p.log',
    '-Djava.awt.headless=true',
    '-Dlog4j2.configurationFile=log4j2.properties',
    `-Dsensorhouse.data=${dataPath}`, // for readers of the process list
    ...['kafka.Kafka', 'server.properties'],
  ];
  const outputPath = join(dataPath, OUTPUT_FILE);
  return startTied({ program: jvm.java, args, cwd: dataPath, env: jvm.env, outputPath });
}

/** `foreign`: the port is answered by a broker of another cluster. */
export type Outcome = 'ready' | 'ended' | 'timeout' | 'foreign';

/** Resolves once the broker serves requests as a member of its own cluster, or never will. */
export async function whenReady(
  broker: TiedProcess,
  address: BrokerAddress,
  clusterId: string,
): Promise<Outcome> {
  const state = { ended: false };
  void broker.ended.then(() => (state.ended = true));
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const answer = await askBroker(address.host, address.port);
    if (state.ended) return 'ended';
    // Some systems let Kafka bind a port that another server has by another address.
    if (answer !== undefined && answer.clusterId !== clusterId) return 'foreign';
    if (answer?.brokerIds.includes(NODE_ID) === true) return 'ready';
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return 'timeout';
}

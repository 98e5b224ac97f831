// Three brokers on this machine that form one cluster and can be killed, with a second listener for clients
// that use TLS and a password: leaders change, and replicas are in sync or not.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findJava } from '../../embedded/kafka/java.ts';
import { jvmFor, launchBroker, type Jvm } from '../../embedded/kafka/launch.ts';
import { freePort } from '../../embedded/kafka/ports.ts';
import { propertiesText, STORAGE_FOLDER, type Settings } from '../../embedded/kafka/settings.ts';
import { newKafkaId } from '../../embedded/kafka/storage-template.ts';
import type { TiedProcess } from '../../embedded/kafka/tied-process.ts';
import { KAFKA_LIBS } from '../backend/embedded.ts';
import { kafkaClient } from '../backend/clients.ts';
import { NotPossibleError } from './fault.ts';
import { PATIENCE_MS } from './patience.ts';

const HOST = '127.0.0.1';
const NODES = [1, 2, 3];
const HEAP_MB = 256;
const LOOK_MS = 100;
const STOP_MS = 5_000;
const USER = { username: 'producer', password: 'of sensors' };

export interface KafkaCluster extends AsyncDisposable {
  /** The door without locks, for whoever looks at the truth. */
  readonly bootstrap: string;
  /** The door under test: what a program's environment says of it. */
  readonly clientEnv: Readonly<Record<string, string>>;
  /** A topic with a copy on each broker, of which two must have what is acknowledged. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Leaders of the partitions now; -1 for none. */
  leaders(topic: string): Promise<number[]>;
  /** kill -9 of a broker by its place, 0 to 2. */
  kill(place: number): Promise<void>;
  /** Starts it again; resolves once all copies of `topic` are in sync. */
  revive(place: number, topic: string): Promise<void>;
}

interface Node {
  readonly id: number;
  readonly dataPath: string;
  readonly address: { readonly host: string; readonly port: number; readonly controllerPort: number };
  readonly settings: Settings;
} // prettier-ignore

/** `isLocked`: clients need TLS and a password. @throws {NotPossibleError} without openssl. */
export async function startKafkaCluster(isLocked: boolean): Promise<KafkaCluster> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-cluster-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const jvm = await jvmFor((await findJava()).path, KAFKA_LIBS);
  const locks = isLocked ? await certificate(folder) : undefined;
  const ports = await Promise.all(Array.from({ length: 9 }, () => freePort(HOST)));
  const quorum = NODES.map((id, at) => `${id}@${HOST}:${ports[3 * at]}`).join(',');
  const clusterId = newKafkaId();
  const nodes = NODES.map((id, at): Node => {
    const [controllerPort, port, clientPort] = ports.slice(3 * at, 3 * at + 3) as [number, number, number]; // prettier-ignore
    const door = locks === undefined ? {} : locks.settings;
    const settings = { ...nodeSettings(id, quorum, { controllerPort, port, clientPort }, isLocked), ...door }; // prettier-ignore
    return { id, dataPath: join(folder, `node-${id}`), address: { host: HOST, port, controllerPort }, settings }; // prettier-ignore
  });
  for (const node of nodes) await format(jvm, clusterId, node);
  const start = ({ address, dataPath, settings: overrides }: Node): Promise<TiedProcess> =>
    launchBroker({ jvm, dataPath, address, heapMb: HEAP_MB, overrides });
  const running = await Promise.all(nodes.map(start));
  opened.defer(async () => {
    await Promise.all(running.map((broker) => broker.stop(STOP_MS)));
  });
  const bootstrap = nodes.map(({ address }) => `${HOST}:${address.port}`).join(',');
  const clients = ports.filter((_, at) => at % 3 === 2).map((port) => `${HOST}:${port}`);
  await until('three brokers', async () => (await brokersOf(bootstrap)) === NODES.length);
  const kept = opened.move();
  return {
    bootstrap,
    clientEnv: { KAFKA_BROKER: clients.join(','), ...locks?.env },
    createTopic: (topic, partitions) => createCopiedTopic(bootstrap, topic, partitions),
    leaders: async (topic) => (await partitionsOf(bootstrap, topic)).map(({ leader }) => leader),
    kill: async (place) => {
      running[place]!.kill('SIGKILL');
      await running[place]!.ended;
    },
    revive: async (place, topic) => {
      running[place] = await start(nodes[place]!);
      await until(`all copies of ${topic}`, async () => {
        const partitions = await partitionsOf(bootstrap, topic);
        return partitions.every(({ isr }) => isr.length === NODES.length);
      });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function nodeSettings(
  id: number,
  quorum: string,
  ports: { readonly controllerPort: number; readonly port: number; readonly clientPort: number },
  isLocked: boolean,
): Settings {
  const { clientPort, controllerPort, port } = ports;
  const doors = `PLAINTEXT://${HOST}:${port},CLIENT://${HOST}:${clientPort}`;
  const client = isLocked ? 'SASL_SSL' : 'PLAINTEXT';
  return {
    'node.id': id,
    listeners: `${doors},CONTROLLER://${HOST}:${controllerPort}`,
    'advertised.listeners': doors,
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENT:${client}`,
    'controller.quorum.voters': quorum,
    'default.replication.factor': NODES.length,
    'min.insync.replicas': 2,
    'offsets.topic.replication.factor': NODES.length,
    // Leaders move back soon after a broker is there again: one more change.
    'leader.imbalance.check.interval.seconds': 2,
    'replica.lag.time.max.ms': 5_000,
  };
}

async function format(
  { env, flags, java }: Jvm,
  clusterId: string,
  { dataPath, settings }: Node,
): Promise<void> {
  await mkdir(dataPath, { recursive: true });
  const own = { 'process.roles': 'broker,controller', 'controller.listener.names': 'CONTROLLER', 'log.dirs': STORAGE_FOLDER }; // prettier-ignore
  const text = propertiesText({ ...own, 'inter.broker.listener.name': 'PLAINTEXT', ...settings });
  await writeFile(join(dataPath, 'format.properties'), text);
  const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', 'format.properties'];
  await promisify(execFile)(java, [...flags, ...tool], { cwd: dataPath, env });
}

/** A certificate of its own for 127.0.0.1, and what both sides need to know of it. */
async function certificate(folder: string) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const asked = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', names, '-keyout', key, '-out', cert]; // prettier-ignore
  await promisify(execFile)('openssl', asked).catch((cause: unknown) => {
    throw new NotPossibleError('openssl made no certificate', { cause });
  });
  const { password, username } = USER;
  const jaas = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`;
  const settings: Settings = {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': await readFile(key, 'utf8'),
    'ssl.keystore.certificate.chain': await readFile(cert, 'utf8'),
    'listener.name.client.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.client.plain.sasl.jaas.config': jaas,
  };
  const login = { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password }; // prettier-ignore
  return { settings, env: { KAFKA_SSL: 'true', KAFKA_SSL_CA: cert, ...login } };
}

async function withAdmin<T>(
  bootstrap: string,
  use: (admin: ReturnType<ReturnType<typeof kafkaClient>['admin']>) => Promise<T>,
): Promise<T> {
  const admin = kafkaClient(bootstrap).admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function brokersOf(bootstrap: string): Promise<number> {
  return withAdmin(bootstrap, async (admin) => (await admin.describeCluster()).brokers.length);
}

function partitionsOf(bootstrap: string, topic: string) {
  return withAdmin(bootstrap, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]!.partitions.toSorted((one, other) => one.partitionId - other.partitionId);
  });
}

async function createCopiedTopic(bootstrap: string, topic: string, partitions: number) {
  const shape = { topic, numPartitions: partitions, replicationFactor: NODES.length };
  await withAdmin(bootstrap, (admin) => admin.createTopics({ topics: [shape], waitForLeaders: false })); // prettier-ignore
  await until(`leaders of ${topic}`, async () => {
    const found = await partitionsOf(bootstrap, topic);
    return found.length === partitions && found.every(({ isr }) => isr.length === NODES.length);
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endsMs = performance.now() + PATIENCE_MS;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > endsMs) throw new Error(`${what}: not within ${PATIENCE_MS / 1_000} s`);
    await sleep(LOOK_MS);
  }
}

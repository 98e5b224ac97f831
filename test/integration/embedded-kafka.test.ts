// The embedded broker against its promises: it keeps its data through every kind of end, never
// outlives its launcher, and says in one line why it cannot start.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { startKafka, type KafkaBroker } from '../../embedded/kafka/broker.ts';
import { freePort, portInUse } from '../../embedded/kafka/ports.ts';
import { isRunning, recordProcess } from '../../embedded/kafka/process-record.ts';
import { environment } from '../../platform/config.ts';
import { ConfigError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { countMessages, createTopic, produce } from '../backend/clients.ts';
import { randomTopic } from '../backend/context.ts';
import { KAFKA_LIBS, missingForKafka } from '../backend/embedded.ts';

const missing = await missingForKafka();
if (missing !== undefined) process.stderr.write(`embedded Kafka tests are SKIPPED: ${missing}\n`);

const PROJECT = join(import.meta.dirname, '..', '..');
/** Brokers, programs and folders that the tests of one group go on with. */
const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());

async function folder(name = 'kafka'): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'sensorhouse-kafka-'));
  opened.defer(() => rm(parent, { recursive: true, force: true }));
  return join(parent, name);
}

async function start(
  dataPath: string,
  more: { port?: number; overrides?: Record<string, string> } = {},
): Promise<KafkaBroker> {
  const fixed = { host: '127.0.0.1', port: 0, libsPath: KAFKA_LIBS, log: silentLog() };
  return opened.use(await startKafka({ ...fixed, dataPath, ...more }));
}

/** Of the first group of tests. */
let dataPath: string;

async function idsIn(folder: string): Promise<string[]> {
  const meta = await readFile(join(folder, 'storage', 'meta.properties'), 'utf8');
  return meta.split('\n').filter((line) => /^(cluster|directory)\.id=./.test(line));
}

async function holdingThreeMessages(broker: KafkaBroker): Promise<string> {
  const topic = randomTopic();
  await createTopic(broker.bootstrap, topic, 2);
  await produce(broker.bootstrap, topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
  return topic;
}

// Starting a broker takes seconds: each test goes on with the broker and the folder that the one before left.
describe.skipIf(missing !== undefined)('the embedded Kafka', () => {
  let broker: KafkaBroker;
  let topic: string;

  it('names the port and the variable when another program has the port', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined));
    const port = await freePort('127.0.0.1');
    await new Promise<void>((resolve) => server.listen(port, resolve));
    onTestFinished(() => void server.close());
    const failure = await start(await folder(), { port }).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toMatch(new RegExp(`^KAFKA_PORT: .*:${port} .*$`));
  });

  it('creates no topic by itself, and shares its folder with no other broker', async () => {
    dataPath = await folder('my data, größe=1 #日本');
    broker = await start(dataPath);
    topic = await holdingThreeMessages(broker);
    await expect(produce(broker.bootstrap, randomTopic(), [{ value: 'a' }])).rejects.toThrow();
    const failure = await start(dataPath).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toContain(dataPath);
    expect(await recordProcess(broker.pid)).toBeDefined();
  });

  it('quotes its log when it cannot start, and frees the folder', async () => {
    await broker[Symbol.asyncDispose]();
    expect(await portInUse('127.0.0.1', broker.port)).toBe(false);
    const overrides = { 'log.retention.hours': 'forever' };
    await expect(start(dataPath, { overrides })).rejects.toThrow(/log\.retention\.hours/);
  });

  it('keeps its data and its cluster id when it is stopped, and when its JVM is killed', async () => {
    const second = await start(dataPath, { port: broker.port });
    expect(second.clusterId).toBe(broker.clusterId);
    expect(second.bootstrap).toBe(`127.0.0.1:${broker.port}`);
    expect(await countMessages(second.bootstrap, topic)).toBe(3);
    second.kill('SIGKILL');
    expect(await second.ended).toBe(137);

    const third = await start(dataPath);
    expect(third.clusterId).toBe(broker.clusterId);
    expect(await countMessages(third.bootstrap, topic)).toBe(3);
    await third[Symbol.asyncDispose]();
  });
});

describe.skipIf(missing !== undefined)('npm run kafka', () => {
  let dir: string;
  let launcher: Launcher;
  const bootstrap = (): string => `127.0.0.1:${launcher.port}`;
  const topic = randomTopic();

  it('says where it answers, and keeps its port', async () => {
    dir = await home();
    launcher = await launch(dir);
    const other = program(await home(), launcher.port);
    expect(await other.exit).toBe(2);
    const complaint = other.printed.filter((line) => line.includes('KAFKA_PORT'));
    expect(complaint).toHaveLength(1);
    expect(complaint[0]).toContain(String(launcher.port));
    await createTopic(bootstrap(), topic);
  });

  it('has ids of its own', async () => {
    const ids = [...(await idsIn(dataPath)), ...(await idsIn(join(dir, 'kafka')))];
    expect(new Set(ids).size).toBe(4);
  });

  it('starts again after its launcher was killed, even when the old broker hangs', async () => {
    const old = await recordProcess(launcher.brokerPid);
    launcher.child.kill('SIGKILL');
    await launcher.exit;

    launcher = await launch(dir, launcher.port);
    expect(await isRunning(old!)).toBe(false);
    expect(await countMessages(bootstrap(), topic)).toBe(0);

    // Its watchdog cannot end a broker that does not run.
    const hanging = await recordProcess(launcher.brokerPid);
    process.kill(launcher.brokerPid, 'SIGSTOP');
    launcher.child.kill('SIGKILL');
    await launcher.exit;
    launcher = await launch(dir, launcher.port);
    expect(await isRunning(hanging!)).toBe(false);
  });

  it('ends with the broker', async () => {
    process.kill(launcher.brokerPid, 'SIGKILL');
    expect(await launcher.exit).toBe(137);
  });

  it('stops without a trace on SIGTERM', async () => {
    launcher = await launch(dir, launcher.port);
    const broker = await recordProcess(launcher.brokerPid);
    launcher.child.kill('SIGTERM');
    expect(await launcher.exit).toBe(0);
    expect(await isRunning(broker!)).toBe(false);
    expect(await portInUse('127.0.0.1', launcher.port)).toBe(false);
  });
});

/** A SENSORHOUSE_DIR of its own that shares the project's jars. */
async function home(): Promise<string> {
  const dir = await folder('home');
  await mkdir(dir);
  await symlink(KAFKA_LIBS, join(dir, KAFKA_LIBS.split('/').at(-1)!));
  return dir;
}

interface Program {
  child: ChildProcess;
  exit: Promise<number | null>;
  printed: string[];
  /** Resolves once it has printed a line that holds the text. */
  says(text: string): Promise<void>;
}

function program(dir: string, port: number): Program {
  const env = { ...environment(), SENSORHOUSE_DIR: dir, KAFKA_PORT: String(port) };
  const child = spawn(process.execPath, ['embedded/kafka-main.ts'], {
    cwd: PROJECT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  opened.defer(async () => {
    child.kill('SIGTERM');
    await exit;
  });
  const printed: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      printed.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      listeners.add((line) => line.includes(text) && resolve());
      void exit.then((code) => reject(new Error(`exit code ${code}: ${printed.join('\n')}`)));
    });
  return { child, exit, printed, says };
}

type Launcher = Program & { readonly port: number; readonly brokerPid: number };

async function launch(dir: string, port?: number): Promise<Launcher> {
  const chosen = port ?? (await freePort('127.0.0.1'));
  const started = program(dir, chosen);
  await started.says(`answers on 127.0.0.1:${chosen}`);
  const owner = JSON.parse(await readFile(join(dir, 'kafka', 'owner.json'), 'utf8')) as {
    broker: { pid: number };
  };
  return { ...started, port: chosen, brokerPid: owner.broker.pid };
}

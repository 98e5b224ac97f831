// The embedded broker against its promises: it keeps its data through every kind of end, never
// outlives its launcher, and says in one line why it cannot start.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
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
const opened = new Set<AsyncDisposable>();

afterEach(async () => {
  for (const broker of opened) await broker[Symbol.asyncDispose]();
  opened.clear();
});

async function folder(name = 'kafka'): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'sensorhouse-kafka-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return join(parent, name);
}

async function start(
  dataPath: string,
  more: { port?: number; overrides?: Record<string, string> } = {},
): Promise<KafkaBroker> {
  const fixed = { host: '127.0.0.1', port: 0, libsPath: KAFKA_LIBS, log: silentLog() };
  const broker = await startKafka({ ...fixed, dataPath, ...more });
  opened.add(broker);
  return broker;
}

async function holdingThreeMessages(broker: KafkaBroker): Promise<string> {
  const topic = randomTopic();
  await createTopic(broker.bootstrap, topic, 2);
  await produce(broker.bootstrap, topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
  return topic;
}

describe.skipIf(missing !== undefined)('the embedded Kafka', () => {
  it('keeps its data and its cluster id when it is stopped, and when its JVM is killed', async () => {
    const dataPath = await folder('my data, größe=1 #日本');
    const first = await start(dataPath);
    const topic = await holdingThreeMessages(first);
    await first[Symbol.asyncDispose]();
    expect(await portInUse('127.0.0.1', first.port)).toBe(false);

    const second = await start(dataPath, { port: first.port });
    expect(second.clusterId).toBe(first.clusterId);
    expect(second.bootstrap).toBe(`127.0.0.1:${first.port}`);
    expect(await countMessages(second.bootstrap, topic)).toBe(3);
    second.kill('SIGKILL');
    expect(await second.ended).toBe(137);

    const third = await start(dataPath);
    expect(third.clusterId).toBe(first.clusterId);
    expect(await countMessages(third.bootstrap, topic)).toBe(3);
  });

  it('creates no topic by itself, and shares its folder with nobody', async () => {
    const dataPath = await folder();
    const broker = await start(dataPath);
    await expect(produce(broker.bootstrap, randomTopic(), [{ value: 'a' }])).rejects.toThrow();
    const failure = await start(dataPath).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toContain(dataPath);
    expect(await recordProcess(broker.pid)).toBeDefined();
  });

  it('names the port and the variable when another program has the port', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined));
    const port = await freePort('127.0.0.1');
    await new Promise<void>((resolve) => server.listen(port, resolve));
    onTestFinished(() => void server.close());
    const failure = await start(await folder(), { port }).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toMatch(new RegExp(`^KAFKA_PORT: .*:${port} .*$`));
  });

  it('quotes its log when it cannot start, and frees the folder', async () => {
    const dataPath = await folder();
    const overrides = { 'log.retention.hours': 'forever' };
    await expect(start(dataPath, { overrides })).rejects.toThrow(/log\.retention\.hours/);
    await start(dataPath);
  });
});

describe.skipIf(missing !== undefined)('npm run kafka', () => {
  it('says where it answers, keeps its port, and stops without a trace on SIGTERM', async () => {
    const launcher = await launch(await home());
    const broker = await recordProcess(launcher.brokerPid);
    const other = program(await home(), launcher.port);
    expect(await other.exit).toBe(2);
    const complaint = other.printed.filter((line) => line.includes('KAFKA_PORT'));
    expect(complaint).toHaveLength(1);
    expect(complaint[0]).toContain(String(launcher.port));

    launcher.child.kill('SIGTERM');
    expect(await launcher.exit).toBe(0);
    expect(await isRunning(broker!)).toBe(false);
    expect(await portInUse('127.0.0.1', launcher.port)).toBe(false);
  });

  it('starts again after its launcher was killed, even when the old broker hangs', async () => {
    const dir = await home();
    const first = await launch(dir);
    const old = await recordProcess(first.brokerPid);
    const topic = randomTopic();
    await createTopic(`127.0.0.1:${first.port}`, topic);
    first.child.kill('SIGKILL');
    await first.exit;

    const second = await launch(dir, first.port);
    expect(await isRunning(old!)).toBe(false);
    expect(await countMessages(`127.0.0.1:${second.port}`, topic)).toBe(0);

    // Its watchdog cannot end a broker that does not run.
    const hanging = await recordProcess(second.brokerPid);
    process.kill(second.brokerPid, 'SIGSTOP');
    second.child.kill('SIGKILL');
    await second.exit;
    await launch(dir, first.port);
    expect(await isRunning(hanging!)).toBe(false);
  });

  it('ends with the broker', async () => {
    const launcher = await launch(await home());
    process.kill(launcher.brokerPid, 'SIGKILL');
    expect(await launcher.exit).toBe(137);
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
  onTestFinished(async () => {
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

async function launch(dir: string, port?: number) {
  const chosen = port ?? (await freePort('127.0.0.1'));
  const started = program(dir, chosen);
  await started.says(`answers on 127.0.0.1:${chosen}`);
  const owner = JSON.parse(await readFile(join(dir, 'kafka', 'owner.json'), 'utf8')) as {
    broker: { pid: number };
  };
  return { ...started, port: chosen, brokerPid: owner.broker.pid };
}

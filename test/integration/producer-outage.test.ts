// The producer when its broker comes late, dies, hangs and comes back. The tests maltreat one broker, one test
// after the other, each with a topic of its own; what is in it afterwards is held against the account.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKafka, type KafkaBroker } from '../../embedded/kafka/broker.ts';
import { freePort } from '../../embedded/kafka/ports.ts';
import { silentLog } from '../../platform/log.ts';
import { createTopic } from '../backend/clients.ts';
import { randomTopic } from '../backend/context.ts';
import { KAFKA_LIBS, missingForKafka } from '../backend/embedded.ts';
import {
  DEVICES,
  expectedEvents,
  launchProducer,
  printedEvents,
  readTopic,
  topicLength,
  trafficEvents,
  type RunningProducer,
} from './producer-process.ts';
import { until } from '../until.ts';

const missing = await missingForKafka();
if (missing !== undefined) process.stderr.write(`producer outage tests are SKIPPED: ${missing}\n`);

/** A broker that is killed and comes back as the same, with a topic for each test. */
interface Home {
  readonly bootstrap: string;
  /** The broker that runs; a new one where none does. */
  running(): Promise<KafkaBroker>;
  /** kill -9, and resolves once it is dead. */
  kill(): Promise<void>;
}

async function brokerHome(stack: AsyncDisposableStack): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-outage-'));
  const port = await freePort('127.0.0.1');
  let broker: KafkaBroker | undefined;
  const kill = async (): Promise<void> => {
    const dying = broker;
    broker = undefined;
    dying?.kill('SIGKILL');
    await dying?.ended;
    await dying?.[Symbol.asyncDispose]();
  };
  stack.defer(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  const fixed = { host: '127.0.0.1', libsPath: KAFKA_LIBS, log: silentLog() };
  const running = async (): Promise<KafkaBroker> => {
    broker ??= await startKafka({ ...fixed, port, dataPath: join(folder, 'kafka') });
    return broker;
  };
  return { bootstrap: `127.0.0.1:${port}`, running, kill };
}

let home: Home;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  if (missing === undefined) home = await brokerHome(opened);
});
afterAll(() => opened.disposeAsync());

/** A topic of three partitions on a broker that runs. */
async function newTopic(): Promise<string> {
  await home.running();
  const topic = randomTopic();
  await createTopic(home.bootstrap, topic, 3);
  return topic;
}

async function untilSent(topic: string, count: number): Promise<void> {
  await until(`${count} messages are in Kafka`, async () => {
    return (await topicLength(home.bootstrap, topic)) >= count;
  });
}

function launch(topic: string, env: Record<string, string>): RunningProducer {
  return launchProducer({ KAFKA_BROKER: home.bootstrap, KAFKA_TOPIC: topic, ...env });
}

describe.skipIf(missing !== undefined)('a producer whose broker', () => {
  it('comes late is waited for, when told to wait', async () => {
    await home.kill();
    const topic = randomTopic();
    const producer = launch(topic, { ON_KAFKA_DOWN: 'wait', ROW_LIMIT: '3000' });
    await producer.logged(/waiting/);
    await home.running();
    await producer.logged(/npm run setup/);
    await createTopic(home.bootstrap, topic, 3);
    const { exit, account } = await producer.finished;
    expect({ exit, account }).toMatchObject({ exit: 0, account: { read: 3_000, sent: 3_000 } });
    const records = await readTopic(home.bootstrap, topic);
    expect(records.map(({ value }) => value)).toEqual(expectedEvents(DEVICES.A, 3_000));
  });

  it.each([
    ['paced', { INTERVAL_MS: '2', ROW_LIMIT: '2000' }, 2_000],
    ['as fast as it goes', { INTERVAL_MS: '0', ROW_LIMIT: '60000', LOOP: 'true' }, 60_000],
  ])('is killed and restarted loses and repeats nothing (%s)', async (_name, env, rows) => {
    const topic = await newTopic();
    const producer = launch(topic, env);
    await untilSent(topic, 200);
    await home.kill();
    await pause(500);
    await home.running();
    const { exit, stdout, account } = await producer.finished;
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
    expect(account).toMatchObject({ read: rows, sent: rows, inDoubt: 0, dryRun: 0, failed: 0 });
    const records = await readTopic(home.bootstrap, topic);
    const once = expectedEvents(DEVICES.A, rows);
    const expected = Array.from({ length: rows }, (_, index) => once[index % once.length]);
    expect(records.length).toBe(rows);
    expect(records.every(({ value }, index) => value === expected[index])).toBe(true);
  });

  it('is killed and restarted repeats nothing of many keys that share its requests', async () => {
    const topic = await newTopic();
    const env = { INTERVAL_MS: '0', ROW_LIMIT: '60000', LOOP: 'true' };
    const producer = launch(topic, { ...env, PRODUCER: 'traffic' });
    await untilSent(topic, 200);
    await home.kill();
    await pause(500);
    await home.running();
    const { exit, account } = await producer.finished;
    expect({ exit, account }).toMatchObject({ exit: 0, account: { sent: 60_000, inDoubt: 0 } });
    const records = await readTopic(home.bootstrap, topic);
    expect(records.length).toBe(60_000);
    const once = trafficEvents();
    const sent = Array.from({ length: 60_000 }, (_, index) => once[index % once.length]!);
    const wrong = [...Map.groupBy(sent, ({ key }) => key)].filter(([key, events]) => {
      const values = records.filter((record) => record.key === key).map(({ value }) => value);
      return values.length !== events.length || events.some((e, at) => e.value !== values[at]);
    });
    expect(wrong.map(([key]) => key)).toEqual([]);
  });

  it('is killed for good: the rest is printed, nothing is lost in between', async () => {
    const topic = await newTopic();
    const env = { INTERVAL_MS: '2', ROW_LIMIT: '1500', KAFKA_SEND_TIMEOUT_SEC: '2' };
    const producer = launch(topic, env);
    await untilSent(topic, 200);
    await home.kill();
    const { exit, stdout, log, account } = await producer.finished;
    expect(exit).toBe(0);
    expect(log.filter(({ msg }) => msg.includes('[DRY-RUN]'))).toHaveLength(1);
    const { read, sent, inDoubt, dryRun, failed } = account!;
    expect({ read, failed }).toEqual({ read: 1_500, failed: 0 });
    expect(sent + inDoubt + dryRun).toBe(read);
    expect(dryRun).toBeGreaterThan(0);
    // Printed are exactly those that are not known to be sent, in order.
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, 1_500).slice(sent));
    await home.running();
    const stored = (await readTopic(home.bootstrap, topic)).map(({ value }) => value);
    expect(stored).toEqual(expectedEvents(DEVICES.A, stored.length));
    expect([sent, sent + inDoubt]).toContain(stored.length);
  });

  it('is killed for good ends the run with 1 when ON_KAFKA_DOWN is fail', async () => {
    const topic = await newTopic();
    const pace = { INTERVAL_MS: '2', ROW_LIMIT: '4000', KAFKA_SEND_TIMEOUT_SEC: '1' };
    const producer = launch(topic, { ...pace, ON_KAFKA_DOWN: 'fail' });
    await untilSent(topic, 50);
    await home.kill();
    const { exit, stdout, account } = await producer.finished;
    expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
    const { read, sent, inDoubt, dryRun, failed } = account!;
    expect(sent + inDoubt + dryRun + failed).toBe(read);
    expect(failed + inDoubt).toBeGreaterThan(0);
  });

  it('hangs with a request in its hands: those events are in doubt, printed, and told apart', async () => {
    const topic = await newTopic();
    const env = { INTERVAL_MS: '2', ROW_LIMIT: '1500', KAFKA_SEND_TIMEOUT_SEC: '2' };
    const producer = launch(topic, env);
    await untilSent(topic, 100);
    const broker = await home.running();
    broker.kill('SIGSTOP');
    const { exit, stdout, account } = await producer.finished;
    broker.kill('SIGCONT');
    expect(exit).toBe(0);
    const { read, sent, inDoubt, dryRun, failed } = account!;
    expect({ read, failed }).toEqual({ read: 1_500, failed: 0 });
    expect(inDoubt).toBeGreaterThan(0);
    expect(sent + inDoubt + dryRun).toBe(read);
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, 1_500).slice(sent));
    // The broker wakes up and stores what it had received.
    await untilSent(topic, sent + inDoubt);
    expect(await topicLength(home.bootstrap, topic)).toBe(sent + inDoubt);
  });

  it('is away when the producer is stopped: what cannot be flushed is accounted for', async () => {
    const topic = await newTopic();
    const producer = launch(topic, { INTERVAL_MS: '2', ROW_LIMIT: '4000' });
    await untilSent(topic, 50);
    await home.kill();
    await producer.logged(/waiting/);
    producer.process.kill('SIGTERM');
    const { exit, stdout, account } = await producer.finished;
    expect(exit).toBe(0);
    const { read, sent, inDoubt, dryRun } = account!;
    expect(sent + inDoubt + dryRun).toBe(read);
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, read).slice(sent));
  });
});

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

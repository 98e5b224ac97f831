// The producer when its broker comes late, dies, hangs and comes back. The tests maltreat one broker, one test
// after the other, each with a topic of its own; what is in it afterwards is held against the account.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKafka, type KafkaBroker } from '../../embedded/kafka/broker.ts';
import { freePort } from '../../embedded/kafka/ports.ts';
import { silentLog } from '../../platform/log.ts';
import type { Account } from '../../producers/account.ts';
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

/** Starts one that sends to a topic of its own. */
async function launchInto(env: Record<string, string>) {
  const topic = await newTopic();
  return { topic, producer: launch(topic, env) };
}

function launch(topic: string, env: Record<string, string>): RunningProducer {
  return launchProducer({ KAFKA_BROKER: home.bootstrap, KAFKA_TOPIC: topic, ...env });
}

describe.skipIf(missing !== undefined)('a producer whose broker', () => {
  it('comes late is waited for, with ON_KAFKA_DOWN=wait', async () => {
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

  it('is killed and restarted loses and repeats nothing, paced or as fast as it goes, of one key or many', async () => {
    const paced = await launchInto({ INTERVAL_MS: '2', ROW_LIMIT: '3000' });
    await untilSent(paced.topic, 200);
    const fast = { INTERVAL_MS: '0', ROW_LIMIT: '60000', LOOP: 'true' };
    const one = await launchInto(fast);
    const many = await launchInto({ ...fast, PRODUCER: 'traffic' });
    await Promise.all([one, many].map(({ topic }) => untilSent(topic, 200)));
    await home.kill();
    await pause(500);
    await home.running();
    for (const { producer, rows, topic } of [
      { ...paced, rows: 3_000 },
      { ...one, rows: 60_000 },
    ]) {
      const { exit, stdout, account } = await producer.finished;
      expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
      expect(account).toMatchObject({ read: rows, sent: rows, inDoubt: 0, dryRun: 0, failed: 0 });
      const records = await readTopic(home.bootstrap, topic);
      const once = expectedEvents(DEVICES.A, rows);
      const expected = Array.from({ length: rows }, (_, index) => once[index % once.length]);
      expect(records.length).toBe(rows);
      expect(records.every(({ value }, index) => value === expected[index])).toBe(true);
    }
    const { exit, account } = await many.producer.finished;
    expect({ exit, account }).toMatchObject({ exit: 0, account: { sent: 60_000, inDoubt: 0 } });
    const records = await readTopic(home.bootstrap, many.topic);
    expect(records.length).toBe(60_000);
    const once = trafficEvents();
    const sent = Array.from({ length: 60_000 }, (_, index) => once[index % once.length]!);
    const wrong = [...Map.groupBy(sent, ({ key }) => key)].filter(([key, events]) => {
      const values = records.filter((record) => record.key === key).map(({ value }) => value);
      return values.length !== events.length || events.some((e, at) => e.value !== values[at]);
    });
    expect(wrong.map(([key]) => key)).toEqual([]);
  });

  it('is killed for good: the rest is printed, or the run fails with ON_KAFKA_DOWN=fail, or it is stopped', async () => {
    const pace = { INTERVAL_MS: '2', ROW_LIMIT: '4000' };
    // A busy broker may take seconds before it is killed, too.
    const printing = await launchInto({ ...pace, KAFKA_SEND_TIMEOUT_SEC: '6' });
    const failing = await launchInto({
      ...pace,
      KAFKA_SEND_TIMEOUT_SEC: '6',
      ON_KAFKA_DOWN: 'fail',
    });
    const stopped = await launchInto(pace);
    const all = [printing, failing, stopped];
    await Promise.all(all.map(({ topic }) => untilSent(topic, 50)));
    await home.kill();
    await stopped.producer.logged(/waiting/);
    stopped.producer.process.kill('SIGTERM');

    const failed = await failing.producer.finished;
    expect(failed).toMatchObject({ exit: 3, stdout: '' });
    expect(sumOf(failed.account!)).toBe(failed.account!.read);
    expect(failed.account!.failed + failed.account!.inDoubt).toBeGreaterThan(0);

    // What cannot be flushed is accounted for.
    const flushed = await stopped.producer.finished;
    expect(flushed).toMatchObject({ exit: 0, account: { failed: 0 } });
    expect(sumOf(flushed.account!)).toBe(flushed.account!.read);
    const { read: readByStopped, sent: sentByStopped } = flushed.account!;
    expect(printedEvents(flushed.stdout)).toEqual(
      expectedEvents(DEVICES.A, readByStopped).slice(sentByStopped),
    );

    // Printed are exactly those that are not known to be sent, in order, and nothing is lost in between.
    const { exit, stdout, log, account } = await printing.producer.finished;
    expect(exit).toBe(0);
    expect(log.filter(({ msg }) => msg.includes('[DRY-RUN]'))).toHaveLength(1);
    expect(account).toMatchObject({ read: 4_000, failed: 0 });
    expect(sumOf(account!)).toBe(4_000);
    const { sent, inDoubt, dryRun } = account!;
    expect(dryRun).toBeGreaterThan(0);
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, 4_000).slice(sent));
    await home.running();
    const stored = (await readTopic(home.bootstrap, printing.topic)).map(({ value }) => value);
    expect(stored).toEqual(expectedEvents(DEVICES.A, stored.length));
    expect([sent, sent + inDoubt]).toContain(stored.length);
  });

  it('hangs with a request in its hands: those events are in doubt, printed, and told apart', async () => {
    const topic = await newTopic();
    const env = { INTERVAL_MS: '2', ROW_LIMIT: '1500', KAFKA_SEND_TIMEOUT_SEC: '6' };
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
});

function sumOf({ dryRun, failed, inDoubt, sent }: Account): number {
  return sent + inDoubt + dryRun + failed;
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

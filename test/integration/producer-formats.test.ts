// A producer of all keys with a real Kafka: a JSON array, NDJSON and CSV arrive as the same events, each
// under its own key, in order of each key; a dry run prints what would have been sent.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createTopic } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';
import {
  NO_KAFKA,
  printedEvents,
  readTopic,
  runProducer,
  trafficEvents,
  type TrafficEvent,
} from './producer-process.ts';

const KAFKA_BROKER = inject('kafkaBootstrap');
const DATA = join(import.meta.dirname, '..', '..', 'data');
const events = trafficEvents();
const DECLARED = ['detector_id', 'detector_type', 'detector_status', 'signal_id', 'timestamp'];

/** What the CSV has of an event: no member that is not declared. */
function declaredOf({ key, value }: TrafficEvent): TrafficEvent {
  const members = Object.entries(JSON.parse(value) as Record<string, unknown>);
  const kept = members.filter(([name]) => DECLARED.includes(name));
  return { key, value: JSON.stringify(Object.fromEntries(kept)) };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-formats-'));
  const ndjson = events.map(({ value }) => value).join('\n');
  await writeFile(join(folder, 'reports.ndjson'), ndjson);
  await writeFile(
    join(folder, 'reports.csv.gz'),
    gzipSync(await readFile(join(DATA, 'traffic_counts.csv'))),
  );
  const pretty = JSON.stringify(
    events.map(({ value }) => JSON.parse(value) as unknown),
    null,
    2,
  );
  await writeFile(join(folder, 'pretty.json'), pretty);
});
afterAll(() => rm(folder, { recursive: true }));

const byKey = (all: readonly TrafficEvent[]): Record<string, string[]> => {
  const groups = Map.groupBy(all, ({ key }) => key);
  return Object.fromEntries([...groups].map(([key, of]) => [key, of.map(({ value }) => value)]));
};

describeBackend('a producer of all keys with Kafka', () => {
  it.each([
    ['the committed JSON array', undefined, events],
    ['a pretty-printed JSON array', 'pretty.json', events],
    ['NDJSON', 'reports.ndjson', events],
    ['compressed CSV', 'reports.csv.gz', events.map(declaredOf)],
  ])(
    'sends %s: every event once, under its key, in order of each key',
    async (_name, file, sent) => {
      const topic = randomTopic('formats');
      await createTopic(KAFKA_BROKER, topic, 3);
      const path: Record<string, string> =
        file === undefined ? {} : { DATA_PATH: join(folder, file) };
      const env = { KAFKA_BROKER, KAFKA_TOPIC: topic, ROW_LIMIT: 'all', ...path };
      const { account, exit, stdout } = await runProducer(env, ['traffic']);
      expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
      expect(account).toMatchObject({ read: sent.length, sent: sent.length, failed: 0 });
      const records = await readTopic(KAFKA_BROKER, topic);
      expect(byKey(records)).toEqual(byKey(sent));
      const places = new Set(records.map(({ key, partition }) => `${key} ${partition}`));
      expect(places.size).toBe(new Set(sent.map(({ key }) => key)).size);
      expect(new Set(records.map(({ partition }) => partition)).size).toBe(3);
    },
  );

  it('sends what comes before a bad element, tells where it is, and ends with 2', async () => {
    const topic = randomTopic('formats');
    await createTopic(KAFKA_BROKER, topic, 3);
    const path = join(folder, 'bad.json');
    const good = events.slice(0, 2_500);
    const bad = good[0]!.value.replace('"detector_status":"OK"', '"detector_status":7');
    const lines = [...good.map(({ value }) => value), bad, good[1]!.value];
    await writeFile(path, `[${lines.join(',\n')}]`);
    const env = { KAFKA_BROKER, KAFKA_TOPIC: topic, DATA_PATH: path, ROW_LIMIT: 'all' };
    const { account, exit, stderr } = await runProducer(env, ['run', 'traffic']);
    expect({ exit, account }).toMatchObject({ exit: 2, account: { read: 2_500, sent: 2_500 } });
    expect(stderr.trim().split('\n').at(-1)).toBe(
      `${path} element 2501 (line 2501): member detector_status: 7 is not a text of 1 to 256 bytes`,
    );
    expect(byKey(await readTopic(KAFKA_BROKER, topic))).toEqual(byKey(good));
  });

  it('sends events that are too large together in requests that the broker takes', async () => {
    const topic = randomTopic('formats');
    await createTopic(KAFKA_BROKER, topic, 1);
    const path = join(folder, 'large.ndjson');
    const large = events.slice(0, 60).map(({ key, value }, index) => {
      // Hardly compressible, and 3 MB together.
      const note = Array.from(
        { length: 5_000 },
        (_, at) => ((at * 7919 + index * 104_729) % 1e9) ** 2,
      );
      return { key, value: value.replace(/\}$/, `,"note":${JSON.stringify(note)}}`) };
    });
    await writeFile(path, large.map(({ value }) => value).join('\n'));
    const env = { KAFKA_BROKER, KAFKA_TOPIC: topic, DATA_PATH: path, ROW_LIMIT: 'all' };
    const { account, exit } = await runProducer(env, ['traffic']);
    expect({ exit, account }).toMatchObject({ exit: 0, account: { read: 60, sent: 60 } });
    expect((await readTopic(KAFKA_BROKER, topic)).map(({ value }) => value)).toEqual(
      large.map(({ value }) => value),
    );
  });

  it('prints the same events, in file order, when Kafka is away', async () => {
    const env = { KAFKA_BROKER: NO_KAFKA, KAFKA_MAX_BLOCK_MS: '300', ROW_LIMIT: 'all' };
    const { account, exit, stdout } = await runProducer(env, ['traffic']);
    expect(printedEvents(stdout)).toEqual(events.map(({ value }) => value));
    expect({ exit, account }).toMatchObject({ exit: 0, account: { dryRun: events.length } });
    const few = await runProducer({ ...env, USE_NOW_TS: 'true' }, ['run', 'traffic', '5']);
    const now = printedEvents(few.stdout).map(
      (event) => JSON.parse(event) as Record<string, unknown>,
    );
    expect(now).toHaveLength(5);
    for (const { timestamp } of now) {
      expect(Math.abs(Date.now() - Date.parse(timestamp as string))).toBeLessThan(300_000);
    }
  });

  it('says that a stream without a file of its own needs DATA_PATH', async () => {
    const { exit, stderr } = await runProducer({ PRODUCER: 'sensor_data' });
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr:
        'DATA_PATH: is not set; sensor_data replays your own file, so set DATA_PATH to its path\n',
    });
  });
});

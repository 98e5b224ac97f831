// The consumer's plain behaviour on real servers: when it flushes, what it reads, what it says, how it
// stops. What happens under faults is in faults-*.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import snappy from 'snappy';
import { expect, inject, it } from 'vitest';
import { openLagSource, readLag } from '../../tools/doctor/lag.ts';
import { GroupConsumer } from '../../platform/kafka/group-consumer.ts';
import type { GroupReceiver } from '../../platform/kafka/group-receiver.ts';
import { auditReport } from '../../consumer/audit/report.ts';
import { silentLog } from '../../platform/log.ts';
import { describeBackend } from '../backend/context.ts';
import { startDamagingProxy } from '../chaos/damaging-proxy.ts';
import { eventMessage, poisonMessage, stream } from '../chaos/messages.ts';
import { openWorld, type World } from '../chaos/world.ts';
import { until } from '../until.ts';
import { lines } from './processor-world.ts';

const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});

const { CompressionCodecs, CompressionTypes } = kafkajs;
const MISTAKE = new TypeError('x is not a function');
const UNKNOWN = new Error('cannot be');

function fail(error: Error): never {
  throw error;
}

async function partsOf(world: World): Promise<number> {
  const [row] = await world.clickhouse.rows<{ n: string }>(
    'SELECT toString(uniqExact(ingest_time)) AS n FROM sensor_data',
  );
  return Number(row!.n);
}

const metric = (text: string, name: string): number =>
  Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);

describeBackend('the consumer', () => {
  it('flushes at BATCH_SIZE rows though the interval is long', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.runs({ BATCH_SIZE: '10', FLUSH_INTERVAL_SEC: '3600' });
    await world.fill(10);
    expect((await world.verified()).partitions[0]).toMatchObject({ good: 10 });
    // Short of the size, nothing moves.
    await world.fill(9);
    await sleep(1_500);
    expect(await world.rowCount()).toBe(10);
  });

  it('flushes at FLUSH_INTERVAL_SEC though the size is far, in one part a batch', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.runs({ BATCH_SIZE: '1000000', FLUSH_INTERVAL_SEC: '0.5' });
    await world.fill(7);
    await world.verified();
    await world.fill(5);
    await world.verified();
    expect(await partsOf(world)).toBe(2);
  });

  it('never puts more into one insert than MAX_BATCH_ROWS and a fetch', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    for (let sent = 0; sent < 10; sent += 1) await world.fill(100);
    await world.runs({ MAX_BATCH_ROWS: '100', FETCH_MAX_BYTES: '1024' });
    await world.verified();
    expect(await partsOf(world)).toBeGreaterThanOrEqual(5);
  });

  it('reads several topics into one table', async () => {
    await using one = await openWorld(endpoints());
    await using other = await openWorld(endpoints());
    const topics = `${one.topic},${other.topic}`;
    await using consumer = await one.consumer({ KAFKA_TOPIC: topics });
    await one.fill(300, 20);
    await other.fill(150, 20);
    await one.verified();
    await until('450 records are consumed', () => consumer.totals().consumed >= 450, {
      seen: () => consumer.totals(),
    });
    expect(consumer.totals()).toMatchObject({ consumed: 450, inserted: 428, deadLetters: 22 });
  });

  it('reads batches compressed with every codec, with headers and any key', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.runs();
    for (const [at, codec] of (['GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const).entries()) {
      const messages = [null, 'key', Buffer.from([0xff, 0x00]), '日本'].map((key, index) => {
        const headers = { origin: 'test', twice: ['a', 'b'] };
        return { ...eventMessage(index, 0), key, headers };
      });
      await world.send([...messages, poisonMessage(3, 0)], CompressionTypes[codec]);
      const [read] = (await world.verified()).partitions;
      expect(read, codec).toMatchObject({ good: 4 * (at + 1), dead: at + 1 });
    }
    // As librdkafka sends it: snappy without the frame of Java clients.
    const codecs = CompressionCodecs as Record<number, () => object>;
    const framed = codecs[CompressionTypes.Snappy]!;
    const bare = { compress: ({ buffer }: { buffer: Buffer }) => snappy.compress(buffer) };
    codecs[CompressionTypes.Snappy] = () => ({ ...framed(), ...bare });
    try {
      await world.send([eventMessage(1, 0), eventMessage(2, 0)], CompressionTypes.Snappy);
    } finally {
      codecs[CompressionTypes.Snappy] = framed;
    }
    expect((await world.verified()).partitions[0]).toMatchObject({ good: 18, dead: 4 });
  });

  it('takes any nesting, and records that nobody gave a time', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.runs();
    const deep = { value: `${'['.repeat(6_000)}${']'.repeat(6_000)}`, partition: 0 };
    const untimed = { ...eventMessage(2, 0), timestamp: '-1' };
    await world.send([eventMessage(1, 0), deep, untimed, { ...deep, timestamp: '-1' }]);
    expect((await world.verified()).partitions[0]).toMatchObject({ good: 2, dead: 2 });
    const [row] = await world.clickhouse.rows<{ n: string }>(
      'SELECT toString(countIf(kafka_timestamp = ts)) AS n FROM sensor_data WHERE kafka_offset = 2',
    );
    expect(row).toEqual({ n: '1' });
  });

  const broken: Record<string, Partial<GroupReceiver>> = {
    'a batch': { batch: () => Promise.reject(MISTAKE) },
    'a batch with an error of no class': { batch: () => Promise.reject(UNKNOWN) },
    'an assignment': { assigned: () => void fail(MISTAKE) },
    'the way to the group': { joining: () => Promise.reject(MISTAKE) },
  };
  it('ends with a mistake of its own, wherever it happens, instead of waiting', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.send([eventMessage(1, 0)]);
    const inflate = { batchBytes: 1_048_576, recordBytes: 1_048_576 };
    const reading = { maxBytesPerPartition: 1_024, inflate };
    for (const [place, receiver] of Object.entries(broken)) {
      const options = { groupId: `${world.topic} ${place}`, topics: [world.topic], ...reading };
      await using group = new GroupConsumer(world.config(), options, silentLog());
      const failed = Promise.withResolvers<Error>();
      group.start({
        assigned: () => undefined,
        confirmed: () => undefined,
        batch: () => Promise.resolve(true),
        failed: (error) => failed.resolve(error),
        ...receiver,
      });
      expect([MISTAKE, UNKNOWN], place).toContain(await failed.promise);
    }
  });

  it('cuts large values and records as unreadable records past MAX_BATCH_INFLATED_BYTES', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    const { said, log } = lines();
    await using consumer = await world.consumer({ MAX_BATCH_INFLATED_BYTES: '10485760' }, log);
    const large = { partition: 0, value: Buffer.alloc(5_000_000, 'x') };
    await world.send([eventMessage(1, 0), large, eventMessage(2, 0)], CompressionTypes.ZSTD);
    const headers = { padding: Buffer.alloc(1_000_000) };
    const padded = Array.from({ length: 20 }, (_, at) => ({ ...eventMessage(at, 0), headers }));
    await world.send(padded, CompressionTypes.GZIP);
    await world.send([eventMessage(3, 0)]);
    const { exact, partitions } = await world.ingested();
    expect(partitions).toMatchObject([{ good: 13, dead: 1, unreadable: 10, behind: 0 }]);
    expect(exact).toBe(true);
    const [letter] = await world.clickhouse.rows<Record<'reason' | 'detail' | 'bytes', string>>(
      'SELECT reason, detail, toString(length(value)) AS bytes FROM dead_letters',
    );
    expect(letter).toEqual({ reason: 'too_large', detail: '5000000', bytes: '1048576' });
    expect(said.filter((line) => line.includes('offsets 13 to 22 cannot be read'))).toHaveLength(1);
    expect(consumer.totals()).toMatchObject({ consumed: 24, unreadable: 10 });
    expect(auditReport(await world.audit())).toContain(
      '13 good + 1 dead + 0 gap + 10 unreadable of 24',
    );
  });

  it('reads a damaged batch again, and passes over one that stays damaged', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    const mark = 'damaged on its way';
    await using proxy = await startDamagingProxy(inject('kafkaBootstrap'), mark);
    proxy.damages = (met) => met < 3;
    const headers = { mark };
    const marked = [1, 2, 3].map((at) => ({ ...eventMessage(at, 0), headers }));
    await world.send(marked);
    await using consumer = await world.consumer({ KAFKA_BROKER: proxy.address });
    expect((await world.verified()).partitions).toMatchObject([{ good: 3, unreadable: 0 }]);
    proxy.damages = () => true;
    await world.send([eventMessage(4, 0)]);
    await world.send(marked);
    await world.send([eventMessage(5, 0)]);
    const { exact, partitions } = await world.ingested();
    expect(partitions).toMatchObject([{ good: 5, unreadable: 3, missing: 0 }]);
    expect(exact).toBe(true);
    expect(consumer.totals()).toMatchObject({ inserted: 5, unreadable: 3 });
    // It is passed over for good: the next consumer goes on behind it.
    await world.send([eventMessage(6, 0)]);
    await world.runs();
    expect((await world.ingested()).partitions).toMatchObject([{ good: 6, unreadable: 3 }]);
    await using source = openLagSource(world.clickhouse, world.config(), stream, world.topic, 'g');
    expect(await readLag(source)).toMatchObject({ byTable: 0, beyond: 0, unreadable: 3 });
    // Recorded, but landed all the same: it counts as what it is.
    await world.clickhouse.command(
      `INSERT INTO consumer_positions
       SELECT * REPLACE ('offsets 3 to 3 cannot be read: tested' AS detail) FROM consumer_positions
       WHERE reason = 'unreadable' LIMIT 1`,
    );
    const landed = await world.audit();
    expect(landed).toMatchObject({ exact: true, partitions: [{ good: 6, unreadable: 3 }] });
  });

  it('serves its health and its figures over HTTP', async () => {
    await using world = await openWorld(endpoints());
    await using consumer = await world.consumer();
    const at = `http://127.0.0.1:${consumer.port}`;
    await world.fill(300, 20);
    await world.verified();
    expect((await fetch(`${at}/healthz`)).status).toBe(200);
    expect((await fetch(`${at}/readyz`)).status).toBe(200);
    const text = await (await fetch(`${at}/metrics`)).text();
    expect(metric(text, 'sensorhouse_consumer_records_consumed_total')).toBe(300);
    expect(metric(text, 'sensorhouse_consumer_rows_inserted_total')).toBe(285);
    expect(metric(text, 'sensorhouse_consumer_lag_records')).toBe(0);
    expect((await fetch(`${at}/nope`)).status).toBe(404);
    // While ClickHouse is away: alive, but not ready.
    await using away = await world.consumer({ CLICKHOUSE_URL: 'http://127.0.0.1:1' });
    expect((await fetch(`http://127.0.0.1:${away.port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${away.port}/readyz`)).status).toBe(503);
  });
});

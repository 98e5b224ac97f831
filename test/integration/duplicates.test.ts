// A stream that is made from another one, on real servers: what a processor made twice becomes one row, is
// counted, and audits from the origin's log to the table; dead letters go back to where they were made from.
import type { Message } from 'kafkajs';
import { expect, inject, it } from 'vitest';
import { audit, auditVariables } from '../../consumer/audit/main.ts';
import {
  deadLettersCommand,
  deadLetterVariables,
  letterArguments,
} from '../../consumer/dead-letters/arguments.ts';
import { handleDeadLetters } from '../../consumer/dead-letters/main.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { replayCommand } from '../../consumer/replay/main.ts';
import { environment, readConfig } from '../../platform/config.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { ORIGIN_HEADER, sourceOf, UNREADABLE_HEADER, writeOrigin } from '../../streams/origin.ts';
import { trafficEvents } from '../../streams/traffic.ts';
import { createTopic, kafkaClient } from '../backend/clients.ts';
import { describeBackend } from '../backend/context.ts';
import { readLog } from '../chaos/log-truth.ts';
import { openWorld, type World } from '../chaos/world.ts';
import { until } from '../until.ts';

const TIME_MS = Date.UTC(2026, 0, 5, 8);
/** A consumer counts a batch a moment after its rows can be seen. */
/** A starved machine takes its time. */
const PATIENCE = { timeout: 150_000 };
const STREAM = { STREAMS: trafficEvents.name };

interface Raw {
  readonly partition: number;
  readonly offset: number;
}

/** A world whose topic is the processed one, and a raw topic beside it with `count` reports. */
async function madeWorld(count: number, isBad: (index: number) => boolean = () => false) {
  const world = await openWorld({
    kafkaBootstrap: inject('kafkaBootstrap'),
    clickhouseUrl: inject('clickhouseUrl'),
  });
  const raw = `${world.topic}-raw`;
  await createTopic(inject('kafkaBootstrap'), raw, 3);
  // The broker looks for records that are too old 30 s after its start, and these are of January.
  for (const topic of [raw, world.topic]) await world.configure({ 'retention.ms': '-1' }, topic);
  await using identities = new TopicIdentities(world.config(), 'test');
  const source = sourceOf(raw, await identities.idOf(raw));
  const places: (Raw & { index: number })[] = [];
  const reports = Array.from({ length: count }, (_, index) => {
    const partition = index % 3;
    places.push({ index, partition, offset: Math.floor(index / 3) });
    return { partition, key: `d${partition}`, value: report(index, isBad(index)) };
  });
  await sendTo(raw, reports);
  /** What a processor sends for a raw record. */
  const made = ({ offset, partition }: Raw) => {
    const index = offset * 3 + partition;
    const value = report(index, isBad(index));
    return {
      partition,
      key: `d${partition}`,
      timestamp: String(TIME_MS + index),
      value: isBad(index)
        ? value
        : `${value.slice(0, -1)},"is_operational":true,"processed_at":${Date.now() / 1_000}}`,
      headers: { [ORIGIN_HEADER]: writeOrigin({ source, partition, offset }) },
    };
  };
  return { world, raw, source, places, made };
}

async function sendTo(topic: string, messages: Message[]): Promise<void> {
  const producer = kafkaClient(inject('kafkaBootstrap')).producer({ idempotent: true });
  await producer.connect();
  await producer.send({ topic, messages, acks: -1 });
  await producer.disconnect();
}

function report(index: number, bad: boolean): string {
  const status = bad ? { detector_status: 7 } : { detector_status: 'OK' };
  const own = { detector_id: `d${index % 3}`, detector_type: 'LOOP', ...status, signal_id: 's' };
  return JSON.stringify({ ...own, timestamp: (TIME_MS + index) / 1_000, volume: index });
}

async function audited(world: World, raw: string): Promise<{ code: number; said: string }> {
  let said = '';
  const env = { ...world.env(STREAM), ORIGIN_TOPIC: raw };
  const stream = { stream: trafficEvents, toEnd: true };
  const code = await audit(readConfig(auditVariables, env), stream, (text) => (said += text));
  return { code, said };
}

async function untilAudited(world: World, raw: string): Promise<string> {
  const deadline = Date.now() + PATIENCE.timeout;
  // An audit costs much: by the first look a consumer has had the time to join its group.
  for (let pauseMs = 800; ; pauseMs *= 1.25) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const { code, said } = await audited(world, raw);
    if (code === 0) return said;
    if (Date.now() > deadline) throw new Error(said);
  }
}

const countOf = async (world: World, what: string): Promise<string> => {
  const [row] = await world.clickhouse.rows<{ n: string }>(`SELECT toString(${what}) AS n`);
  return row!.n;
};

describeBackend('records that a processor made twice', () => {
  it('is one row, over restarts and kills of the consumer', async () => {
    const { made, places, raw, world } = await madeWorld(600, (index) => index % 50 === 7);
    await using closing = world;
    let sent = 0;
    // Lives of a processor: each goes back by some records that the one before had made already.
    const count = environment()['KILLS'] === 'all' ? 12 : 6;
    const lives = [...Array(count).keys()].map((life) => [
      Math.max(0, (life * 600) / count - 20),
      ((life + 1) * 600) / count,
    ]);
    for (const [life, [from, to]] of lives.entries()) {
      const messages = places.slice(from, to).map(made);
      sent += messages.length;
      if (life % 3 === 0) {
        // A group of its own: nobody has to wait for the session of one that was killed.
        const own = { KAFKA_GROUP: `life-${life}-${world.topic}`, FLUSH_INTERVAL_SEC: '0.05' };
        const killed = world.consumerProcess({ ...STREAM, ...own });
        await world.send(messages);
        await new Promise((resolve) => setTimeout(resolve, 700 + life * 40));
        killed.kill('SIGKILL');
      } else await world.send(messages);
    }
    await using consumer = await closing.consumer(STREAM);
    const said = await untilAudited(world, raw);
    expect(said).toContain(`588 good + 12 dead + 0 gap + ${sent - 600} duplicates of ${sent} in`);
    expect(said).toContain('EXACT: 600 of 600 records are rows or dead letters');
    expect(await countOf(world, '(SELECT count() FROM traffic_events)')).toBe('588');
    const distinct = '(SELECT uniqExact(origin_partition, origin_offset) FROM traffic_events)';
    expect(await countOf(world, distinct)).toBe('588');
    expect(consumer.totals().inserted).toBeLessThanOrEqual(588);
  });

  it('is left out by a consumer that never saw the first of the two', async () => {
    const { made, places, raw, world } = await madeWorld(90);
    await using closing = world;
    await world.send(places.map(made));
    {
      await using first = await world.consumer(STREAM);
      await until('inserted reaches 90', () => first.totals().inserted >= 90, {
        seen: () => first.totals(),
      });
    }
    await world.send(places.slice(30).map(made));
    await using second = await closing.consumer(STREAM);
    await untilAudited(world, raw);
    await expect
      .poll(() => second.totals(), PATIENCE)
      .toMatchObject({ inserted: 0, duplicates: 60 });
  });

  it('does not hide what a batch lost whose dead letters landed and whose rows did not', async () => {
    const { made, places, raw, source, world } = await madeWorld(6, (index) => index === 3);
    await using closing = world;
    await world.send(places.map(made));
    await using identities = new TopicIdentities(world.config(), 'test');
    const own = sourceOf(world.topic, await identities.idOf(world.topic));
    // As a consumer leaves it that is killed in between: offset 1 of partition 0 is made from record 3.
    await world.clickhouse.command(`INSERT INTO dead_letters (stream, kafka_source, kafka_partition,
      kafka_offset, reason, origin_source, origin_partition, origin_offset)
      VALUES ('traffic_events', '${own}', 0, 1, 'wrong_type', '${source}', 0, 1)`);
    await using consumer = await closing.consumer(STREAM);
    await untilAudited(world, raw);
    await expect
      .poll(() => consumer.totals(), PATIENCE)
      .toMatchObject({ inserted: 5, deadLetters: 0, duplicates: 0 });
  });

  it('is a dead letter when no header names its origin', async () => {
    const { made, places, world } = await madeWorld(3);
    await using closing = world;
    await world.send([{ ...made(places[0]!), headers: {} }, made(places[1]!)]);
    await using consumer = await closing.consumer(STREAM);
    await until('consumed reaches 2', () => consumer.totals().consumed >= 2, {
      seen: () => consumer.totals(),
    });
    await until('nothing is behind', () => consumer.totals().lag === 0, {
      seen: () => consumer.totals(),
    });
    expect(await countOf(world, '(SELECT groupArray(reason) FROM dead_letters)')).toBe(
      "['unknown_origin']",
    );
  });

  it('shows in the audit when a record was never made, or landed twice after all', async () => {
    const { made, places, raw, source, world } = await madeWorld(9);
    await using closing = world;
    await world.send(places.filter(({ index }) => index !== 3).map(made));
    await using consumer = await closing.consumer(STREAM);
    await until('inserted reaches 8', () => consumer.totals().inserted >= 8, {
      seen: () => consumer.totals(),
    });
    const lacking = await audited(world, raw);
    expect(lacking).toMatchObject({ code: 1 });
    expect(lacking.said).toContain(
      '8 of 9 records are rows or dead letters, 1 missing, 0 too many',
    );
    await world.clickhouse.command(`INSERT INTO traffic_events (detector_id, kafka_source,
      kafka_offset, origin_source, origin_partition, origin_offset)
      VALUES ('d0', 'elsewhere@1', 7, '${source}', 0, 1), ('d0', 'elsewhere@1', 8, '${source}', 0, 2)`);
    const twice = await audited(world, raw);
    expect(twice.said).toContain('9 of 9 records are rows or dead letters, 0 missing, 1 too many');
    expect(twice.code).toBe(1);
  });

  it('counts what a processor could not read by the record that it sent instead', async () => {
    const { made, places, raw, source, world } = await madeWorld(9);
    await using closing = world;
    const stub = {
      partition: 0,
      value: '{"unreadable":"offsets 0 to 1"}',
      headers: {
        [UNREADABLE_HEADER]: '0-1',
        [ORIGIN_HEADER]: writeOrigin({ source, partition: 0, offset: 1 }),
      },
    };
    const read = places.filter(({ offset, partition }) => partition !== 0 || offset > 1);
    await world.send([stub, ...read.map(made)]);
    await using consumer = await closing.consumer(STREAM);
    await until('inserted reaches 7', () => consumer.totals().inserted >= 7, {
      seen: () => consumer.totals(),
    });
    const { code, said } = await audited(world, raw);
    expect(said).toContain('EXACT: 8 of 9 records are rows or dead letters, 1 unreadable');
    expect(code).toBe(0);
  });

  it('goes back to the raw topic when its dead letter is published again', async () => {
    const { made, places, raw, source, world } = await madeWorld(6, (at) => at === 4);
    await using closing = world;
    await world.send(places.map(made));
    await using consumer = await closing.consumer(STREAM);
    await untilAudited(world, raw);
    let words = '';
    const redrive = (...args: string[]) => {
      const told = letterArguments(
        parseArguments(deadLettersCommand, [
          '--redrive',
          '--stream',
          trafficEvents.name,
          '--wait',
          '0',
          ...args,
        ]),
      );
      const config = readConfig(deadLetterVariables, world.env(STREAM));
      return handleDeadLetters(config, told, (text) => (words += text));
    };
    // What the processor would make of it is judged, too.
    expect(await redrive()).toBe(1);
    expect(words).toContain('1 of 1 would be rejected again: 1 wrong_type');
    expect(await redrive('--even-if-rejected')).toBe(0);
    const found: { partition: number; offset: number; headers: object; value: string }[] = [];
    await readLog(inject('kafkaBootstrap'), raw, (partition, { headers = {}, offset, value }) => {
      if (Number(offset) >= 2) found.push({ partition, offset: Number(offset), headers, value: String(value) }); // prettier-ignore
    });
    expect(found).toMatchObject([{ partition: 1, offset: 2, value: report(4, true) }]);
    expect(Object.keys(found[0]!.headers)).toContain('sensorhouse-redrive');
    expect(Object.keys(found[0]!.headers)).not.toContain(ORIGIN_HEADER);
    // The processor makes it again; somebody mended the status on the way.
    const origin = writeOrigin({ source, partition: 1, offset: 2 });
    const mended = {
      ...made(places[1]!),
      headers: { ...found[0]!.headers, [ORIGIN_HEADER]: origin },
    };
    await world.send([mended]);
    const said = await untilAudited(world, raw);
    expect(said).toContain(
      '1 dead letters were published again: 1 are rows now, 0 dead letters again',
    );
    await expect
      .poll(() => consumer.totals(), PATIENCE)
      .toMatchObject({ inserted: 6, deadLetters: 1, duplicates: 0 });
  });

  it('stays left out when the topic is read again', async () => {
    const { made, places, raw, world } = await madeWorld(300, (index) => index % 60 === 7);
    await using closing = world;
    await world.send(
      [...places.slice(0, 200), ...places.slice(150), ...places.slice(20, 90)].map(made),
    );
    const config = world.config(STREAM);
    {
      await using first = await closing.consumer(STREAM);
      await untilAudited(world, raw);
      await expect
        .poll(() => first.totals(), PATIENCE)
        .toMatchObject({ inserted: 295, duplicates: 120 });
    }
    // From the middle: what is read again must know what was met before.
    const command = { kind: 'replay', fromMs: TIME_MS + 100, stream: trafficEvents } as const;
    const lines: string[] = [];
    expect(await replayCommand(config, command, (line) => lines.push(line))).toBe(0);
    const said = await untilAudited(world, raw);
    expect(said).toContain('295 good + 5 dead + 0 gap + 120 duplicates of 420 in the log');
  });
});

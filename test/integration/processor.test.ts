// The processor on a real broker: what it makes of records, that it keeps their order, partition, key and
// time, goes on where it stopped, and is not held up by a record that cannot be sent.
import kafkajs from 'kafkajs';
import { expect, inject, it } from 'vitest';
import { readConfig } from '../../platform/config.ts';
import { BatchSender } from '../../platform/kafka/batch-sender.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { processorVariables } from '../../processor/config.ts';
import { trafficForward } from '../../streams/traffic-transform.ts';
import { filter, type Transform } from '../../streams/transform.ts';
import { trafficRaw, trafficViz } from '../../streams/traffic.ts';
import { countMessages, kafkaClient, produce } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';
import {
  firstAppearances,
  lines,
  processorWorld,
  report,
  reports,
  until,
  upTo,
} from './processor-world.ts';

const bootstrap = (): string => inject('kafkaBootstrap');

describeBackend('the processor', () => {
  it('adds to events and passes on everything else, with key, time, headers and origin', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const good = { ...report(1, 1), timestamp: '1700000123456', headers: { trace: ['a', 'b'] } };
    const bad = {
      key: null,
      value: Buffer.from([0xff, 0x00]),
      headers: { 'sensorhouse-from': 'x@y/1/2' },
    };
    await produce(bootstrap(), world.from, [good, bad, { key: 'k', value: null }, report(2, 1)]);
    await using processor = await world.processor();
    const [first, second, third, fourth] = await world.holds(4);
    expect(JSON.parse(first!.value!)).toMatchObject({ volume: 1, is_operational: true });
    expect(first!.value!.startsWith(String(good.value).slice(0, -1))).toBe(true);
    expect(first!.message.key).toEqual(Buffer.from('d-1'));
    expect(first!.message.timestamp).toBe('1700000123456');
    expect(first!.message.headers!['trace']!.toString()).toBe('a,b');
    expect(second!.message.value).toEqual(bad.value);
    expect(second!.message.key).toBeNull();
    expect(third!.message.value).toBeNull();
    expect(JSON.parse(fourth!.value!)).toMatchObject({ volume: 2 });
    const origins = [first, second, third, fourth].map((output) => output!.origin);
    expect(origins.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
    expect(origins.every(({ source }) => source.startsWith(`${world.from}@`))).toBe(true);
    expect(processor.totals()).toMatchObject({ read: 4, sent: 4, rejected: 2, lag: 0 });
  });

  it('creates the topic that it is to write to, if no stream declares it', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const to = randomTopic('named');
    await produce(bootstrap(), world.from, reports(0, 3, 1));
    const { log, said } = lines();
    await using processor = await world.processor({ log }, { PROCESSOR_TO_TOPIC: to });
    await until(() => processor.totals().sent === 3);
    expect(await countMessages(bootstrap(), to)).toBe(3);
    expect(said).toContain(`created topic ${to} with 3 partitions`);
  });

  it('hands on headers without a value', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const config = readConfig(processorVariables, world.env());
    await using sender = new BatchSender(config, 'headers');
    await using identities = new TopicIdentities(config, 'headers');
    const place = { topic: world.from, topicId: await identities.idOf(world.from), partition: 0 };
    const record = { key: null, value: null, timestampMs: 1_700_000_000_000 };
    await sender.send(place, await sender.newIdentity(), [
      { ...record, headers: [['trace', null]] },
      { ...record, headers: [] },
    ]);
    await using processor = await world.processor();
    const [first, second] = await world.holds(2);
    expect(first!.message.headers!['trace']?.length ?? 0).toBe(0);
    expect(Object.keys(first!.message.headers!)).toEqual(['trace', 'sensorhouse-from']);
    expect(second!.origin.offset).toBe(1);
    await until(() => processor.totals().sent === 2);
  });

  it('sends partition p to partition p modulo the output’s, in order', async () => {
    const world = await processorWorld(bootstrap(), 5, 2);
    await using processor = await world.processor();
    for (let from = 0; from < 1_000; from += 100) {
      await produce(bootstrap(), world.from, reports(from, 100, 5));
    }
    const outputs = await world.holds(1_000);
    expect(outputs.every(({ origin, partition }) => partition === origin.partition % 2)).toBe(true);
    expect([...firstAppearances(outputs).values()]).toEqual(
      Array.from({ length: 5 }, () => upTo(200)),
    );
    await until(() => processor.totals().sent === 1_000);
  });

  it('goes on where it stopped, ends after --max, and reads again --from-beginning', async () => {
    const world = await processorWorld(bootstrap());
    await produce(bootstrap(), world.from, reports(0, 30));
    for (const [max, sent] of [[10, 10], [20, 30]] as const) {
      await using processor = await world.processor({ max });
      expect(await processor.ended).toBe(0);
      expect(processor.totals()).toMatchObject({ read: max, sent: max });
      expect(await world.outputs()).toHaveLength(sent);
    } // prettier-ignore
    expect([...firstAppearances(await world.outputs()).values()]).toEqual([
      upTo(10),
      upTo(10),
      upTo(10),
    ]);
    await using again = await world.processor({ max: 30, fromBeginning: true });
    expect(await again.ended).toBe(0);
    const outputs = await world.outputs();
    expect(outputs).toHaveLength(60);
    expect([...firstAppearances(outputs).values()]).toEqual([upTo(10), upTo(10), upTo(10)]);
  });

  it('counts what a filter leaves out', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const transform: Transform = {
      name: 'failed-only',
      group: 'failed-only',
      input: trafficRaw,
      outputs: [trafficViz],
      origin: 'read',
      steps: [filter(({ detector_status: status }) => status === 'FAILED')],
    };
    await produce(bootstrap(), world.from, reports(0, 10, 1));
    await using processor = await world.processor({ transform, max: 10 });
    expect(await processor.ended).toBe(0);
    expect(processor.totals()).toMatchObject({ read: 10, sent: 2, filtered: 8, lag: 0 });
    expect((await world.outputs()).map(({ origin }) => origin.offset)).toEqual([0, 5]);
  });

  it('forwards under the origin that a record names, and its own where it names none', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const headers = { 'sensorhouse-from': 'iot.traffic.raw@abc/7/42' };
    await produce(bootstrap(), world.from, [
      { ...report(0, 1), headers },
      { ...report(1, 1), headers: { 'sensorhouse-from': 'nonsense' } },
    ]);
    await using processor = await world.processor({ transform: trafficForward, max: 2 });
    expect(await processor.ended).toBe(0);
    const [first, second] = await world.outputs();
    expect(first!.origin).toEqual({ source: 'iot.traffic.raw@abc', partition: 7, offset: 42 });
    expect(first!.value).toBe(report(0, 1).value);
    expect(second!.origin).toMatchObject({ partition: 0, offset: 1 });
  });

  it('replaces a record that the output refuses by a stub, and sends its neighbours', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const admin = kafkaClient(bootstrap()).admin();
    await admin.connect();
    const configEntries = [{ name: 'max.message.bytes', value: '2000' }];
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: world.to, configEntries }],
    });
    await admin.disconnect();
    // What a codec cannot make smaller.
    const random = (seed: number): string => {
      let state = seed + 1;
      return Array.from({ length: 3_000 }, () =>
        String.fromCharCode(97 + ((state = (state * 48_271) % 2_147_483_647) % 26)),
      ).join('');
    };
    const large = (number: number) => ({
      ...report(number, 1),
      value: String(report(number, 1).value)
        .replace('s-1', random(number))
        .replace('signal_id', 'note'),
    });
    const messages = Array.from({ length: 40 }, (_, index) =>
      index % 13 === 5 ? large(index) : report(index, 1),
    );
    await produce(bootstrap(), world.from, messages);
    const { log, said } = lines();
    await using processor = await world.processor({ max: 40, log });
    expect(await processor.ended).toBe(0);
    const outputs = await world.outputs();
    expect([...firstAppearances(outputs).values()]).toEqual([upTo(40)]);
    const stubs = outputs.filter(({ value }) =>
      value!.startsWith('{"refused":"MESSAGE_TOO_LARGE"'),
    );
    expect(stubs.map(({ origin }) => origin.offset)).toEqual([5, 18, 31]);
    expect(processor.totals()).toMatchObject({ read: 40, sent: 40, refused: 3 });
    expect(said.filter((line) => line.includes('refuses the record made from'))).toHaveLength(3);
  });

  it('shares a topic with others of its group', async () => {
    const world = await processorWorld(bootstrap(), 6);
    await using one = await world.processor();
    await produce(bootstrap(), world.from, reports(0, 60, 6));
    await until(() => one.totals().sent === 60);
    await using other = await world.processor();
    let from = 60;
    await until(async () => {
      await produce(bootstrap(), world.from, reports(from, 60, 6));
      from += 60;
      return other.totals().sent > 0;
    });
    await until(async () => {
      const appearances = firstAppearances(await world.outputs());
      return [...appearances.values()].reduce((sum, { length }) => sum + length, 0) === from;
    });
    const appearances = [...firstAppearances(await world.outputs()).values()];
    expect(appearances).toEqual(Array.from({ length: 6 }, () => upTo(from / 6)));
  });

  it('sends one record for all that cannot be read, and a stub for what is too large', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const headers = { padding: Buffer.alloc(1_000_000) };
    const padded = reports(0, 20, 1).map((each) => ({ ...each, headers }));
    await produce(bootstrap(), world.from, padded, kafkajs.CompressionTypes.GZIP);
    const large = { partition: 0, value: Buffer.alloc(9_000_000) };
    await produce(bootstrap(), world.from, [large], kafkajs.CompressionTypes.GZIP);
    const { said, log } = lines();
    const limit = { MAX_BATCH_INFLATED_BYTES: '10485760' };
    await using processor = await world.processor({ log }, limit);
    const outputs = await world.holds(12);
    expect(outputs.map(({ origin }) => origin.offset)).toEqual([...upTo(10), 19, 20]);
    const { message, value } = outputs[10]!;
    expect(message.headers?.['sensorhouse-unreadable']?.toString()).toBe('10-19');
    expect(value).toContain('inflates to more than 10485760 bytes');
    expect(outputs[11]!.value).toBe('{"refused":"MESSAGE_TOO_LARGE","bytes":9000000}');
    await until(() => processor.totals().lag === 0);
    expect(processor.totals()).toMatchObject({ read: 11, sent: 11, refused: 1, unreadable: 10 });
    expect(said.filter((line) => line.includes('offsets 10 to 19 cannot be read'))).toHaveLength(1);
  });

  it('serves its health and its figures over HTTP', async () => {
    const world = await processorWorld(bootstrap(), 1);
    await produce(bootstrap(), world.from, [...reports(0, 9, 1), { value: 'nothing' }]);
    await using processor = await world.processor({}, { PROCESSOR_METRICS_PORT: '0' });
    await until(() => processor.totals().sent === 10);
    const at = `http://127.0.0.1:${processor.port}`;
    expect((await fetch(`${at}/readyz`)).status).toBe(200);
    const text = await (await fetch(`${at}/metrics`)).text();
    expect(text).toMatch(
      /^sensorhouse_processor_records_out_total\{.*transform="traffic-enrich".*\} 10$/m,
    );
    expect(text).toMatch(
      /^sensorhouse_processor_records_rejected_total\{.*reason="invalid_json".*\} 1$/m,
    );
    expect(text).toMatch(/^sensorhouse_processor_lag_records\{.*\} 0$/m);
    const away = await world.processor(
      {},
      { PROCESSOR_METRICS_PORT: '0', KAFKA_BROKER: '127.0.0.1:1' },
    );
    expect((await fetch(`http://127.0.0.1:${away.port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${away.port}/readyz`)).status).toBe(503);
    await away[Symbol.asyncDispose]();
  });
});

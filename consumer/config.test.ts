// Which topics a consumer reads for which stream, and the group it joins, as the environment says.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../platform/config.ts';
import { ConfigError } from '../platform/errors.ts';
import { consumerVariables, groupOf, inflateLimits, laneLimits, streamOfTopic } from './config.ts';

type Env = Record<string, string>;

const read = (env: Env) => readConfig(consumerVariables, env);
const topics = (env: Env) =>
  [...streamOfTopic(read(env))].map(([topic, { name }]) => `${topic}>${name}`);

describe('the streams of a consumer', () => {
  it('are all there are, each from its own topic', () => {
    expect(topics({})).toEqual(
      expect.arrayContaining(['sensor_data>sensor_data', 'iot.traffic.processed>traffic_events']),
    );
  });

  it('are chosen by name or family', () => {
    expect(topics({ STREAMS: 'traffic' })).toEqual(['iot.traffic.processed>traffic_events']);
    expect(topics({ STREAMS: ' traffic_events , sensors' })).toHaveLength(2);
  });

  it('has KAFKA_TOPIC rename the only one, or the sensors', () => {
    expect(topics({ STREAMS: 'traffic_events', KAFKA_TOPIC: 'mine' })).toEqual([
      'mine>traffic_events',
    ]);
    const both = topics({ STREAMS: 'sensors,traffic', KAFKA_TOPIC: 'a,b' });
    expect(both).toEqual([
      'a>sensor_data',
      'b>sensor_data',
      'iot.traffic.processed>traffic_events',
    ]);
  });

  it('never fill two tables from one topic', () => {
    const config = read({ STREAMS: 'sensors,traffic', KAFKA_TOPIC: 'iot.traffic.processed' });
    expect(() => streamOfTopic(config)).toThrow(ConfigError);
    expect(() => streamOfTopic(config)).toThrow(/^KAFKA_TOPIC: .*sensor_data and traffic_events/);
  });

  it('are refused in one line when there are none of that name', () => {
    expect(() => read({ STREAMS: 'traffic,trucks' })).toThrow(
      /^STREAMS: "traffic,trucks" is not all, sensors, sensor_data, traffic, traffic_events/,
    );
  });
});

describe('the group', () => {
  it.each([
    [{}, 'sensor-consumer'],
    [{ STREAMS: 'sensor_data' }, 'sensor-consumer'],
    [{ STREAMS: 'traffic' }, 'traffic-consumer'],
    [{ STREAMS: 'traffic', KAFKA_GROUP: 'mine' }, 'mine'],
  ])('of %j is %s', (env: Env, group) => expect(groupOf(read(env))).toBe(group));
});

describe('the limits of a lane', () => {
  it('are the settings, an interval of seconds in milliseconds', () => {
    const env = {
      ...{ BATCH_SIZE: '7', FLUSH_INTERVAL_SEC: '0.25', MAX_BATCH_ROWS: '11' },
      ...{ MAX_BATCH_BYTES: '2048', MAX_MESSAGE_BYTES: '99' },
    };
    expect(laneLimits(read(env))).toEqual({
      ...{ batchRows: 7, flushIntervalMs: 250, maxBatchRows: 11 },
      ...{ maxBatchBytes: 2_048, maxMessageBytes: 99 },
    });
    expect(laneLimits(read({})).flushIntervalMs).toBe(2_000);
  });

  it('let a record have a megabyte beside the largest message', () => {
    const env = { MAX_MESSAGE_BYTES: '1000', MAX_BATCH_INFLATED_BYTES: '200000000' };
    expect(inflateLimits(read(env))).toEqual({ batchBytes: 200_000_000, recordBytes: 1_049_576 });
  });
});

import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { readLaunchConfig } from './config.ts';

describe('readLaunchConfig', () => {
  it('replays in a loop without an end by default', () => {
    const { producers, environments } = readLaunchConfig({}, {});
    expect(producers.map(({ PRODUCER }) => PRODUCER.name)).toEqual([
      'producer_A',
      'producer_B',
      'producer_C',
      'traffic',
    ]);
    for (const { INTERVAL_MS, LOOP, PRODUCER, ROW_LIMIT } of producers) {
      expect({ INTERVAL_MS, LOOP, rows: ROW_LIMIT.rows }).toEqual({
        INTERVAL_MS: PRODUCER.name === 'traffic' ? 5_000 : 200,
        LOOP: true,
        rows: Infinity,
      });
    }
    expect(environments.producer('producer_B')).toMatchObject({
      PRODUCER: 'producer_B',
      ON_KAFKA_DOWN: 'fail',
      KAFKA_BROKER: '127.0.0.1:9092',
    });
  });

  it('sends 4000 rows as fast as possible with once', () => {
    const [producer] = readLaunchConfig({ once: true }, { ROW_LIMIT: '' }).producers;
    expect(producer).toMatchObject({ INTERVAL_MS: 0, LOOP: false, ROW_LIMIT: { rows: 4_000 } });
  });

  it('runs what the chosen streams need, and follows where it arrives', () => {
    const only = readLaunchConfig({}, { STREAMS: 'traffic' });
    expect(only.producers.map(({ PRODUCER }) => PRODUCER.name)).toEqual(['traffic']);
    expect(only.processors).toEqual(['traffic-enrich', 'traffic-forward']);
    expect(only.tracks).toMatchObject([
      {
        ...{ topic: 'iot.traffic.raw', landed: 'iot.traffic.processed' },
        ...{ stream: { name: 'traffic_events' }, processor: { name: 'traffic-enrich' } },
      },
    ]);
    expect(only.environments.consumer['STREAMS']).toBe('traffic');
    const sensors = readLaunchConfig({}, { STREAMS: 'sensors', KAFKA_TOPIC: 'mine' });
    expect(sensors.processors).toEqual([]);
    expect(sensors.tracks).toMatchObject([
      { topic: 'mine', landed: 'mine', processor: undefined, producers: { length: 3 } },
    ]);
  });

  it('accounts for every stream that the consumer lands, whoever sends to it', () => {
    const one = readLaunchConfig({}, { PRODUCER: 'traffic' });
    expect(one.producers).toHaveLength(1);
    expect(one.tracks).toMatchObject([
      { stream: { name: 'traffic_events' }, producers: ['traffic'] },
      { stream: { name: 'sensor_data' }, producers: [] },
    ]);
    const sensors = readLaunchConfig({}, { PRODUCER: 'producer_A' });
    expect(sensors.tracks).toHaveLength(2);
    expect(sensors.processors).toContain('traffic-enrich');
  });

  it('takes a file that is named without streams for the sensors', () => {
    const { producers } = readLaunchConfig({}, { DATA_PATH: 'my.csv' });
    expect(producers).toHaveLength(3);
    const both = { DATA_PATH: 'my.csv', STREAMS: 'sensors,traffic' };
    expect(() => readLaunchConfig({}, both)).toThrow(/^DATA_PATH: my.csv cannot be of sensors and/);
  });

  it('runs everything but producers without them', () => {
    const { processors, producers, tracks } = readLaunchConfig({ replay: false }, {});
    expect(producers).toEqual([]);
    expect(processors).toEqual(['traffic-enrich', 'traffic-forward']);
    expect(tracks.map(({ landed, producers: own }) => [landed, own])).toEqual([
      ['sensor_data', []],
      ['iot.traffic.processed', []],
    ]);
  });

  it('never sends traffic to a topic that was renamed for the sensors', () => {
    const { environments } = readLaunchConfig({}, { KAFKA_TOPIC: 'mine' });
    expect(environments.producer('producer_A')['KAFKA_TOPIC']).toBe('mine');
    expect(environments.producer('traffic')['KAFKA_TOPIC']).toBeUndefined();
  });

  it('points every part to servers that run already, with their logins', () => {
    const env = {
      ...{ KAFKA_SSL: 'true', KAFKA_BROKER: 'other:1', KAFKA_BOOTSTRAP_SERVERS: 'third:1' },
      CLICKHOUSE_URL: 'http://other:2',
    };
    const options = { bootstrap: 'real:9093', clickhouse: 'http://real:8123' };
    const { environments, kafkaAddress, setup } = readLaunchConfig(options, env);
    const consumer = environments.consumer;
    expect(kafkaAddress).toBe('real:9093');
    expect(consumer).toMatchObject({ KAFKA_BROKER: 'real:9093', KAFKA_SSL: 'true' });
    expect(consumer['KAFKA_BOOTSTRAP_SERVERS']).toBeUndefined();
    expect(setup.CLICKHOUSE_URL).toBe('http://real:8123');
  });

  it('takes ROW_LIMIT, INTERVAL_MS and PRODUCER as given', () => {
    const env = { ROW_LIMIT: 'all', INTERVAL_MS: '7', PRODUCER: 'producer_C.py' };
    const { producers } = readLaunchConfig({ once: true }, env);
    expect(producers).toHaveLength(1);
    expect(producers[0]).toMatchObject({ INTERVAL_MS: 7, PRODUCER: { name: 'producer_C' } });
    expect(producers[0]!.ROW_LIMIT.rows).toBe(Infinity);
  });

  it("keeps every part on the embedded servers, whatever a real installation's variables say", () => {
    const env = {
      ...{
        KAFKA_PORT: '19092',
        CLICKHOUSE_PORT: '18123',
        CLICKHOUSE_URL: 'https://real.example:8443',
      },
      ...{ KAFKA_BROKER: 'real.example:9092', KAFKA_SSL: 'true', KAFKA_SASL_MECHANISM: 'plain' },
      ...{
        CLICKHOUSE_SETUP_USER: 'admin',
        CLICKHOUSE_HOST: 'real.example',
        GRAFANA_CLICKHOUSE_USER: 'g',
      },
    };
    const { environments, setup } = readLaunchConfig({}, env);
    for (const part of [environments.consumer, environments.producer('producer_A')]) {
      expect(part).toMatchObject({
        KAFKA_BROKER: '127.0.0.1:19092',
        CLICKHOUSE_URL: 'http://127.0.0.1:18123',
      });
      expect(JSON.stringify(part)).not.toContain('real.example');
      expect(part['KAFKA_SSL']).toBeUndefined();
    }
    expect(setup.CLICKHOUSE_SETUP_USER).toBeUndefined();
    expect(setup.GRAFANA_CLICKHOUSE_USER).toBeUndefined();
    expect(environments.servers['GRAFANA_CLICKHOUSE_USER']).toBe('g');
  });

  it.each([
    [{ BIND_ADDRESS: '0.0.0.0' }, /^BIND_ADDRESS: "0.0.0.0" is not possible with npm start/],
    [{ METRICS_HOST: '::1' }, /^METRICS_HOST: "::1" is not possible/],
    [{ METRICS_PORT: '9092' }, /^METRICS_PORT: 9092 is KAFKA_PORT too/],
    [{ KAFKA_PORT: '0' }, /^KAFKA_PORT: "0" is not/],
    [{ BATCH_SIZE: 'many' }, /^BATCH_SIZE: "many" is not/],
    [{ INTERVAL_MS: '-1' }, /^INTERVAL_MS: "-1" is not/],
    [{ KAFKA_TOPIC: 'a,b' }, /^KAFKA_TOPIC: "a,b" is not/],
  ])('refuses %o in one line', (env, line) => {
    expect(() => readLaunchConfig({ once: true }, env)).toThrow(ConfigError);
    expect(() => readLaunchConfig({ once: true }, env)).toThrow(line);
  });
});

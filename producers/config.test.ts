// The variables of a producer: defaults of the image, every form of ROW_LIMIT, and bad values.
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { allProducers } from './catalogue.ts';
import { readProducerConfig, sendTimeoutMs } from './config.ts';

describe('readProducerConfig', () => {
  it('has the defaults of the image', () => {
    const config = readProducerConfig({});
    expect(config.PRODUCER.name).toBe('producer_A');
    expect(config.ROW_LIMIT).toEqual({ rows: 10 });
    expect(config.INTERVAL_MS).toBe(200);
    expect(config.KAFKA_MAX_BLOCK_MS).toBe(5_000);
    expect(config.KAFKA_SEND_TIMEOUT_SEC).toBe(120);
    expect(sendTimeoutMs(config)).toBe(120_000);
    expect(config.ON_KAFKA_DOWN).toBe('dry-run');
    expect(config.KAFKA_TOPIC).toBe('sensor_data');
    expect(config.DATA_PATH).toBe(resolve(import.meta.dirname, '..', 'data', 'sensor_data.csv'));
  });

  it('has the defaults that the producer of the traffic detectors declares', () => {
    for (const written of ['traffic', 'TRAFFIC', 'traffic_raw']) {
      const config = readProducerConfig({ PRODUCER: written, INTERVAL_MS: ' ', DATA_PATH: '' });
      expect(config.PRODUCER).toMatchObject({ name: 'traffic', family: 'traffic' });
      expect(config.INTERVAL_MS).toBe(5_000);
      expect(config.KAFKA_TOPIC).toBe('iot.traffic.raw');
      expect(config.DATA_PATH).toBe(resolve(import.meta.dirname, '../data/traffic_counts.json'));
    }
    const given = { INTERVAL_MS: '7', KAFKA_TOPIC: 't', DATA_PATH: '/x.csv' };
    expect(readProducerConfig({ PRODUCER: 'traffic', ...given })).toMatchObject({
      ...{ INTERVAL_MS: 7, KAFKA_TOPIC: 't', DATA_PATH: '/x.csv' },
    });
  });

  it('wants to be told the file of a stream that has none of its own', () => {
    expect(() => readProducerConfig({ PRODUCER: 'sensor_data' })).toThrow(
      new ConfigError(
        'DATA_PATH: is not set; sensor_data replays your own file, so set DATA_PATH to its path',
      ),
    );
    const config = readProducerConfig({ PRODUCER: 'sensor_data', DATA_PATH: '/mine.ndjson' });
    expect(config).toMatchObject({ KAFKA_TOPIC: 'sensor_data', INTERVAL_MS: 200 });
    expect(config.PRODUCER.deviceId).toBeUndefined();
  });

  it.each([
    ['7', { rows: 7 }],
    ['all', { rows: Infinity }],
    ['ALL', { rows: Infinity }],
    ['', { rows: 10 }],
    ['  ', { rows: 10 }],
    ['0', { rows: 5, mistaken: '0' }],
    ['-3', { rows: 5, mistaken: '-3' }],
    ['2.5', { rows: 5, mistaken: '2.5' }],
    ['1e3', { rows: 5, mistaken: '1e3' }],
    ['many', { rows: 5, mistaken: 'many' }],
  ])('reads ROW_LIMIT=%j as %j', (written, limit) => {
    expect(readProducerConfig({ ROW_LIMIT: written }).ROW_LIMIT).toEqual(limit);
  });

  it('loops without a limit unless one is written', () => {
    const limit = (env: Record<string, string>): unknown =>
      readProducerConfig({ LOOP: 'true', ...env }).ROW_LIMIT;
    expect(limit({})).toEqual({ rows: Infinity });
    expect(limit({ ROW_LIMIT: '' })).toEqual({ rows: Infinity });
    expect(limit({ ROW_LIMIT: '30' })).toEqual({ rows: 30 });
  });

  it('takes a written path from where the person is', () => {
    expect(readProducerConfig({ DATA_PATH: 'my.csv' }).DATA_PATH).toBe(
      join(process.cwd(), 'my.csv'),
    );
    expect(readProducerConfig({ DATA_PATH: '/x/my.csv' }).DATA_PATH).toBe('/x/my.csv');
  });

  it('names the allowed producers for an unknown one', () => {
    expect(() => readProducerConfig({ PRODUCER: 'D' })).toThrow(
      new ConfigError(
        `PRODUCER: "D" is not one of ${allProducers.map(({ name }) => name).join(', ')}`,
      ),
    );
  });

  it.each([
    ['INTERVAL_MS', '-1'],
    ['INTERVAL_MS', '0.5'],
    ['ON_KAFKA_DOWN', 'explode'],
    ['LOOP', 'perhaps'],
    ['KAFKA_TOPIC', 'no spaces'],
    ['KAFKA_BROKER', 'a b'],
    ['KAFKA_SEND_TIMEOUT_SEC', '0'],
  ])('refuses %s=%j in one line that names it', (name, value) => {
    expect(() => readProducerConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readProducerConfig({ [name]: value })).toThrow(
      new RegExp(`^${name}: "${value}" is`),
    );
  });
});

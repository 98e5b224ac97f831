import { describe, expect, it } from 'vitest';
import { streams } from '../../streams/index.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { trafficEvents } from '../../streams/traffic.ts';
import { watched } from './watched.ts';

describe('watched', () => {
  it('takes the topics that producers send to, and the processors on the way to a table', () => {
    expect(
      watched({ STREAMS: [sensorData, trafficEvents], KAFKA_TOPIC: 'mine,other' }),
    ).toMatchObject({
      topics: ['mine', 'other', 'iot.traffic.raw'],
      relays: [{ name: 'traffic-enrich', group: 'traffic-processor', topic: 'iot.traffic.raw' }],
    });
    expect(watched({ STREAMS: [sensorData] })).toMatchObject({
      ...{ topics: ['sensor_data'], relays: [] },
    });
  });

  it('asks for the tables that are chosen and no others', () => {
    const { figures } = watched({ STREAMS: [sensorData] });
    expect(figures).toContain('FROM sensor_data');
    for (const { name } of streams.filter((stream) => stream.name !== sensorData.name)) {
      expect(figures).not.toContain(name);
    }
  });

  it('asks for the dead letters of every stream, as the tiles do', () => {
    const { figures } = watched({ STREAMS: [sensorData] });
    expect(figures).toContain('(SELECT count() FROM dead_letters) AS dead,');
    expect(figures).not.toMatch(/\bstream\b/);
  });
});

import { describe, expect, it } from 'vitest';
import { sensorData } from '../streams/sensor-data.ts';
import { trafficEvents } from '../streams/traffic.ts';
import { originTables } from './origins.ts';

describe('the tables in which records of an origin were met', () => {
  const made = trafficEvents;

  it('are the table, the dead letters, and the live table while a replay fills another', () => {
    expect(originTables(made, made.table.name)).toEqual([made.table.name, 'dead_letters']);
    expect(originTables(made, 'beside')).toEqual(['beside', 'dead_letters', made.table.name]);
  });

  it('are none for a stream that is made from no other one', () => {
    expect(originTables(sensorData, sensorData.table.name)).toEqual([]);
  });
});

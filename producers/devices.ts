// The three sensor boards of the public data set and the producer that replays each of them.
import { sensorData } from '../streams/sensor-data.ts';
import { INTERVAL_MS, type Producer } from './producer.ts';

/** A producer that replays one device's rows of a file that holds all of them. */
export interface DeviceProducer extends Producer {
  readonly deviceId: string;
}

const board = {
  stream: sensorData,
  family: sensorData.family,
  file: 'data/sensor_data.csv',
  intervalMs: INTERVAL_MS,
} as const;

export const producers: readonly DeviceProducer[] = [
  { ...board, name: 'producer_A', deviceId: '00:0f:00:70:91:0a' },
  { ...board, name: 'producer_B', deviceId: '1c:bf:ce:15:ec:4d' },
  { ...board, name: 'producer_C', deviceId: 'b8:27:eb:bf:9d:51' },
];

const AFFIXES = /^producer_|\.(ts|py)$/gi;

/**
 * The producer a person means: `A`, `producer_A`, `producer_A.ts` and `producer_A.py` are the same,
 * in any case. Undefined when it is none of them.
 */
export function findProducer(written: string): DeviceProducer | undefined {
  const letter = written.trim().replace(AFFIXES, '').toUpperCase();
  return producers.find(({ name }) => name === `producer_${letter}`);
}

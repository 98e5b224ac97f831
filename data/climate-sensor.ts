// The temperature and humidity sensor: steps of 0.1, a flicker of the last digit, and once in a
// while a reading with one bit flipped on the wire.
import type { Random } from './random.ts';

export interface ClimateSensor {
  /** Typical error of a reading, in the quantity's unit. */
  flicker: number;
  /** The share of readings that are wide of the mark, and how many times wider they scatter. */
  strayShare: number;
  strayTimes: number;
  /** The share of readings with a flipped bit, and what such a flip takes off. */
  flippedBitShare: number;
  flippedBits: readonly number[];
  /** What the device never reads below or above. */
  range: readonly [number, number];
  /** Values pass through a 32-bit float on their way to the file. */
  float32: boolean;
}

/** Reads the true `value` as the sensor would report it. */
export function readClimate(sensor: ClimateSensor, value: number, random: Random): number {
  const [lowest, highest] = sensor.range;
  const width = sensor.flicker * (random.chance(sensor.strayShare) ? sensor.strayTimes : 1);
  let read = value + width * random.bell();
  if (random.chance(sensor.flippedBitShare)) {
    read -= sensor.flippedBits[Math.floor(random.next() * sensor.flippedBits.length)] ?? 0;
  }
  const stepped = Math.round(Math.min(highest, Math.max(lowest, read)) * 10) / 10;
  return sensor.float32 ? Math.fround(stepped) : stepped;
}

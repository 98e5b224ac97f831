// The MQ-2 gas sensor behind its 10-bit converter: a reading is the mean resistance of five
// conversions, and co, lpg and smoke are power laws of that one number.
import { power } from './power.ts';
import type { Random } from './random.ts';

export interface GasSensor {
  /** A converter code (1 to 1022) and the co that the device reads there; sets the step width. */
  code: number;
  co: number;
  /** Parts of a code that the device resolves by oversampling. */
  partsPerCode: number;
  /** The codes between which the device's readings stay. */
  codes: readonly [number, number];
  /** Width of the noise of one conversion, in codes. */
  noise: number;
  /** The share of readings whose conversions disagree, and how many times wider they scatter. */
  restlessShare: number;
  restlessTimes: number;
}

export interface Gases {
  co: number;
  lpg: number;
  smoke: number;
}

const FULL_SCALE = 1023;
const CONVERSIONS = 5;
// One point on the curves, and the slopes of the sensor's curves in its data sheet (log-log).
const ANCHOR: Gases = {
  co: 0.0049559,
  lpg: 0.0076508,
  smoke: 0.0204113,
};
const CO_SLOPE = 0.34;
const LPG_SLOPE = 0.47;
const SMOKE_SLOPE = 0.44;

/** Reads `sensor` at a gas `level` given in codes; the same mean resistance gives the same object. */
export function createGasSensor(sensor: GasSensor, random: Random): (level: number) => Gases {
  const known = new Map<number, Gases>();
  return (level) => {
    const resistance = readResistance(sensor, level, random);
    let gases = known.get(resistance);
    if (gases === undefined) {
      gases = gasesAt(resistance / resistanceAt(sensor.code), sensor.co);
      known.set(resistance, gases);
    }
    return gases;
  };
}

function readResistance(sensor: GasSensor, level: number, random: Random): number {
  const [lowest, highest] = sensor.codes;
  const noise = sensor.noise * (random.chance(sensor.restlessShare) ? sensor.restlessTimes : 1);
  let sum = 0;
  for (let conversion = 0; conversion < CONVERSIONS; conversion += 1) {
    const sensed = level + noise * (random.next() - 0.5);
    const code = Math.floor(sensed * sensor.partsPerCode) / sensor.partsPerCode;
    // Added one by one: the order changes the last digit, as it does in the real file.
    sum += resistanceAt(Math.min(highest, Math.max(lowest, code)));
  }
  return sum / CONVERSIONS;
}

function resistanceAt(code: number): number {
  return (FULL_SCALE - code) / code;
}

function gasesAt(relativeResistance: number, coAtOne: number): Gases {
  const co = coAtOne * power(relativeResistance, -1 / CO_SLOPE);
  return {
    co,
    lpg: ANCHOR.lpg * power(co / ANCHOR.co, CO_SLOPE / LPG_SLOPE),
    smoke: ANCHOR.smoke * power(co / ANCHOR.co, CO_SLOPE / SMOKE_SLOPE),
  };
}

// The three devices of the public data set as numbers: how many rows, how often, and what their
// rooms are like. Fitted to the facts in docs/data.md and to the look of the real file's beginning.
import type { ClimateSensor } from './climate-sensor.ts';
import type { Clock } from './clock.ts';
import type { GasSensor } from './gas-sensor.ts';
import type { Course } from './room.ts';

export interface Device {
  id: string;
  rows: number;
  clock: Clock;
  temp: { course: Course; sensor: ClimateSensor };
  humidity: { course: Course; sensor: ClimateSensor };
  gas: {
    /** In codes of the converter. */
    course: Course;
    sensor: GasSensor;
    /** How much the level differs between readings, in codes. */
    wobble: number;
    /** The share of readings taken in a whiff of gas, and the most that adds, in codes. */
    spikeShare: number;
    spikeCodes: number;
  };
  /** Light is seen while this is above 0; a device without it stands in the dark. */
  daylight?: Course;
  motionShare: number;
}

const END_SEC = 1_595_203_417;
const MOTION_SHARE = 0.001;

function clock(startSec: number, rows: number, habits: Omit<Clock, 'startSec' | 'meanSec'>): Clock {
  return { startSec, meanSec: (END_SEC - startSec) / rows, ...habits };
}

/** Cool, humid and steady; its climate sensor flips a bit now and then (19.6 °C becomes 6.8). */
const deviceA: Device = {
  id: '00:0f:00:70:91:0a',
  rows: 111_815,
  clock: clock(1_594_512_094.741283, 111_815, {
    pauseSec: 3.813,
    retrySec: 0.5375,
    retryShare: 0.815,
    maxRetries: 32,
    jitterSec: 0.003,
  }),
  temp: {
    course: {
      centre: 19.62,
      swing: 0.45,
      peakHour: 22,
      drift: 0.3,
      driftTimeSec: 9000,
      start: 19.74,
    },
    sensor: {
      flicker: 0.015,
      strayShare: 0,
      strayTimes: 1,
      flippedBitShare: 0.0025,
      flippedBits: [12.8],
      range: [0.1, 30.6],
      float32: true,
    },
  },
  humidity: {
    course: { centre: 75.43, swing: 1.6, peakHour: 6, drift: 1.2, driftTimeSec: 3600, start: 76 },
    sensor: {
      flicker: 0.045,
      strayShare: 0.06,
      strayTimes: 5,
      flippedBitShare: 0.004,
      flippedBits: [12.8],
      range: [1.6, 91.8],
      float32: true,
    },
  },
  gas: {
    course: { centre: 225, swing: 1, peakHour: 4, drift: 1.2, driftTimeSec: 2400, start: 226 },
    wobble: 0.42,
    spikeShare: 0,
    spikeCodes: 0,
    sensor: {
      code: 225,
      co: 0.002796310458827193,
      partsPerCode: 1,
      codes: [220, 229],
      noise: 0.16,
      restlessShare: 0.012,
      restlessTimes: 25,
    },
  },
  motionShare: MOTION_SHARE,
};

/** Beside a window: warm, changing all the time, light by day. */
const deviceB: Device = {
  id: '1c:bf:ce:15:ec:4d',
  rows: 105_918,
  clock: clock(1_594_512_099.601437, 105_918, {
    pauseSec: 3.808,
    retrySec: 0.5345,
    retryShare: 0.8367,
    maxRetries: 28,
    jitterSec: 0.006,
  }),
  temp: {
    course: { centre: 26.13, swing: 2.6, peakHour: 21, drift: 0.8, driftTimeSec: 14400, start: 27 },
    sensor: {
      flicker: 0.015,
      strayShare: 0,
      strayTimes: 1,
      flippedBitShare: 0.0005,
      flippedBits: [12.8, 25.6, -12.8],
      range: [0.1, 30.6],
      float32: true,
    },
  },
  humidity: {
    course: { centre: 59.9, swing: 9.3, peakHour: 6, drift: 3.5, driftTimeSec: 21600, start: 78 },
    sensor: {
      flicker: 0.045,
      strayShare: 0.12,
      strayTimes: 5,
      flippedBitShare: 0.0008,
      flippedBits: [12.8, 25.6, 51.2, 76.8, -12.8],
      range: [1.6, 91.8],
      float32: true,
    },
  },
  gas: {
    course: { centre: 511.5, swing: 6, peakHour: 8, drift: 4.2, driftTimeSec: 5400, start: 515.5 },
    wobble: 1.4,
    spikeShare: 0.0005,
    spikeCodes: 30,
    sensor: {
      code: 512,
      co: 0.004179172604391528,
      partsPerCode: 1,
      codes: [497, 538],
      noise: 0.72,
      restlessShare: 0.004,
      restlessTimes: 4,
    },
  },
  daylight: { centre: 0.25, swing: 1, peakHour: 18, drift: 0.06, driftTimeSec: 600, start: 0.2 },
  motionShare: MOTION_SHARE,
};

/** Warm, dry and steady, with the finest gas readings and the most regular clock. */
const deviceC: Device = {
  id: 'b8:27:eb:bf:9d:51',
  rows: 187_451,
  clock: clock(1_594_512_094.3859746, 187_451, {
    pauseSec: 3.686,
    retrySec: 0.247,
    retryShare: 0.0082,
    maxRetries: 1,
    jitterSec: 0.0015,
  }),
  temp: {
    course: {
      centre: 22.42,
      swing: 0.5,
      peakHour: 22,
      drift: 0.36,
      driftTimeSec: 7200,
      start: 22.64,
    },
    sensor: {
      flicker: 0.012,
      strayShare: 0,
      strayTimes: 1,
      flippedBitShare: 0,
      flippedBits: [],
      range: [0.1, 30.6],
      float32: false,
    },
  },
  humidity: {
    course: { centre: 50.6, swing: 2.1, peakHour: 8, drift: 1.6, driftTimeSec: 7200, start: 50.94 },
    sensor: {
      flicker: 0.02,
      strayShare: 0.02,
      strayTimes: 4,
      flippedBitShare: 0.0012,
      flippedBits: [1, -1],
      range: [1.6, 91.8],
      float32: false,
    },
  },
  gas: {
    course: { centre: 511.8, swing: 0.3, peakHour: 8, drift: 0.5, driftTimeSec: 1800, start: 511 },
    wobble: 0.55,
    spikeShare: 0,
    spikeCodes: 0,
    sensor: {
      code: 512,
      co: 0.005002784193650281,
      partsPerCode: 16,
      codes: [509.75, 514.25],
      noise: 0.0625,
      restlessShare: 0,
      restlessTimes: 1,
    },
  },
  motionShare: MOTION_SHARE,
};

export const devices: readonly Device[] = [deviceA, deviceB, deviceC];

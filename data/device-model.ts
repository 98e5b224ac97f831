// Three devices in three rooms: from a seed to the events they would have sent, in ascending time.
// Pure, the same on every machine, and in the shape that the stream's declaration gives an event.
import type { sensorData } from '../streams/sensor-data.ts';
import type { EventOf } from '../streams/stream.ts';
import { readClimate } from './climate-sensor.ts';
import { readingTimes } from './clock.ts';
import { createGasSensor } from './gas-sensor.ts';
import { devices, type Device } from './devices.ts';
import { createRandom, type Random } from './random.ts';
import { followCourse } from './room.ts';

/** One reading as the device sends it; `ts` in epoch seconds. */
export type SensorEvent = EventOf<(typeof sensorData)['event']>;

/** The rows of the whole data set, all devices together. */
export const fullRowCount = devices.reduce((sum, { rows }) => sum + rows, 0);

/** All readings of the data set in ascending `ts`, the devices interleaved. `seed`: unsigned 32 bit. */
export function* sensorEvents(seed: number): Generator<SensorEvent, void> {
  const sources = devices.map((device, index) => deviceEvents(device, createRandom(seed, index)));
  const heads = sources.map((source) => source.next());
  for (;;) {
    let first = -1;
    let firstTs = Infinity;
    for (const [index, head] of heads.entries()) {
      if (head.done === true || head.value.ts >= firstTs) continue;
      first = index;
      firstTs = head.value.ts;
    }
    const head = heads[first];
    if (head === undefined || head.done === true) return;
    yield head.value;
    heads[first] = sources[first]!.next();
  }
}

function* deviceEvents(device: Device, random: Random): Generator<SensorEvent, void> {
  const { gas } = device;
  const { startSec } = device.clock;
  const temp = followCourse(device.temp.course, startSec, random);
  const humidity = followCourse(device.humidity.course, startSec, random);
  const gasLevel = followCourse(gas.course, startSec, random);
  const readGas = createGasSensor(gas.sensor, random);
  const daylight = device.daylight && followCourse(device.daylight, startSec, random);
  let left = device.rows;
  for (const ts of readingTimes(device.clock, random)) {
    if (left === 0) return;
    left -= 1;
    const spike = random.chance(gas.spikeShare) ? gas.spikeCodes * random.next() : 0;
    const { co, lpg, smoke } = readGas(gasLevel(ts) + gas.wobble * random.bell() + spike);
    yield {
      data: {
        co,
        humidity: readClimate(device.humidity.sensor, humidity(ts), random),
        light: daylight !== undefined && daylight(ts) > 0,
        lpg,
        motion: random.chance(device.motionShare),
        smoke,
        temp: readClimate(device.temp.sensor, temp(ts), random),
      },
      device_id: device.id,
      ts,
    };
  }
}

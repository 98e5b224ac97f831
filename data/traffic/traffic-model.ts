// Reports of traffic detectors over sixteen days, from a seed, ascending in time: the same on every machine.
// Their number follows the hour, the day of the week and the outages of each detector.
import { createRandom, type Random } from '../random.ts';
import { conditions, type Condition, type Status } from './condition.ts';
import { RUSH, demandAt } from './demand.ts';
import { createDetectors, type Detector } from './detectors.ts';

/** One report as a detector sends it. */
export interface TrafficReport {
  readonly detector_id: string;
  readonly detector_type: string;
  readonly detector_status: Status;
  readonly signal_id: string;
  readonly location: { readonly latitude: number; readonly longitude: number };
  /** ISO-8601 in UTC, to the second; some reports lack it. */
  readonly timestamp?: string;
  /** Vehicles in the last quarter of an hour. */
  readonly volume: number;
  /** The share of that time in which one stood over the detector. */
  readonly occupancy: number;
  /** Mean, km/h. */
  readonly speed: number;
}

/** Reports in an hour: `steady` whatever the hour, `varying` in a mean hour of a working day. */
interface Rate {
  readonly steady: number;
  readonly varying: number;
}

/** How dense the data are: `sparse` are the committed files. */
export type Density = 'sparse' | 'full';

const RATES: Record<Density, { readonly arterial: Rate; readonly other: Rate }> = {
  sparse: { arterial: { steady: 0.8, varying: 0.8 }, other: { steady: 0, varying: 0.062 } },
  full: { arterial: { steady: 4, varying: 4 }, other: { steady: 1, varying: 3 } },
};

const HOUR_MS = 3_600_000;
/** A Monday. */
const START_MS = Date.UTC(2024, 2, 4);
export const DAYS = 16;
const HOURS = DAYS * 24;
const NO_TIMESTAMP_SHARE = 0.005;
/** Sequence of the random numbers that place the detectors; each detector has one of its own. */
const PLACES = 0xffff_ffff;

interface Source {
  readonly detector: Detector;
  readonly random: Random;
  readonly states: Generator<Condition, never>;
}

/** All reports in ascending time. `seed`: unsigned 32 bit. */
export function* trafficReports(seed: number, density: Density): Generator<TrafficReport, void> {
  const sources = createDetectors(createRandom(seed, PLACES)).map((detector, index): Source => {
    // What befalls a detector is the same in sparse and in full data.
    const random = createRandom(seed, 2 * index);
    return {
      detector,
      random,
      states: conditions(HOURS, createRandom(seed, 2 * index + 1)),
    };
  });
  for (let hour = 0; hour < HOURS; hour += 1) {
    const startMs = START_MS + hour * HOUR_MS;
    const moments = sources.flatMap((source) => hourOf(source, startMs, density));
    // Reports of one second keep the order of the detectors: sorting is stable.
    moments.sort((one, other) => one.second - other.second);
    for (const { report } of moments) yield report;
  }
}

function hourOf({ detector, random, states }: Source, startMs: number, density: Density) {
  const { news, status } = states.next().value;
  if (status === undefined) return [];
  const demand = demandAt(startMs);
  const { steady, varying } = RATES[density][detector.arterial ? 'arterial' : 'other'];
  const wanted = (steady + varying * demand) * (1 + 0.2 * random.bell());
  const drawn = Math.floor(wanted) + (random.chance(wanted - Math.floor(wanted)) ? 1 : 0);
  const count = status === 'REMOVED' ? 1 : Math.max(drawn, news ? 1 : 0);
  return Array.from({ length: count }, () => {
    const second = Math.floor(random.next() * 3_600);
    const timestamp = `${new Date(startMs + second * 1_000).toISOString().slice(0, 19)}Z`;
    return { second, report: reportOf(detector, status, timestamp, demand / RUSH, random) };
  });
}

/** `load`: 1 at the worst rush. */
function reportOf(
  { capacity, freeSpeed, id, location, signalId, type }: Detector,
  status: Status,
  timestamp: string,
  load: number,
  random: Random,
): TrafficReport {
  const counts = {
    volume: Math.max(0, Math.round(capacity * load * (1 + 0.15 * random.bell()))),
    occupancy: Math.round(350 * load * (1 + 0.1 * random.bell())) / 1_000,
    speed: Math.round(10 * freeSpeed * (1 - 0.45 * load * load) * (1 + 0.05 * random.bell())) / 10,
  };
  const stamped = !random.chance(NO_TIMESTAMP_SHARE);
  return {
    detector_id: id,
    detector_type: type,
    detector_status: status,
    signal_id: signalId,
    location,
    ...(stamped ? { timestamp } : {}),
    ...(status.startsWith('OK') ? counts : { volume: 0, occupancy: 0, speed: 0 }),
  };
}

// The detectors of an invented city: where they stand, of which kind they are, how much they see. Every
// signal has four of them; a few stand on arterial roads and report all day long.
import type { Random } from '../random.ts';

export interface Detector {
  readonly id: string;
  readonly type: string;
  readonly signalId: string;
  /** Degrees, five decimals. */
  readonly location: { readonly latitude: number; readonly longitude: number };
  /** Reports at night too, and often. */
  readonly arterial: boolean;
  /** Vehicles in a quarter of an hour at the worst rush. */
  readonly capacity: number;
  /** Speed on an empty road, km/h. */
  readonly freeSpeed: number;
}

export const DETECTOR_COUNT = 240;
const PER_SIGNAL = 4;
const ARTERIAL_EVERY = 30;
const TYPES = ['LOOP', 'LOOP', 'VIDEO', 'RADAR'] as const;
const CENTRE = { latitude: 38.72, longitude: -9.14 };
const CITY_DEGREES = 0.04;
const CROSSING_DEGREES = 0.0004;

/** All detectors, in the order of their ids. */
export function createDetectors(random: Random): Detector[] {
  const around = (centre: number, degrees: number): number =>
    Math.round((centre + degrees * random.bell()) * 1e5) / 1e5;
  let signal = CENTRE;
  return Array.from({ length: DETECTOR_COUNT }, (_, index) => {
    if (index % PER_SIGNAL === 0) {
      const { latitude, longitude } = CENTRE;
      signal = {
        latitude: around(latitude, CITY_DEGREES),
        longitude: around(longitude, CITY_DEGREES),
      };
    }
    const arterial = index % ARTERIAL_EVERY === 0;
    return {
      id: `D${String(index + 1).padStart(4, '0')}`,
      type: TYPES[Math.floor(random.next() * TYPES.length)]!,
      signalId: `S${String(Math.floor(index / PER_SIGNAL) + 1).padStart(3, '0')}`,
      location: {
        latitude: around(signal.latitude, CROSSING_DEGREES),
        longitude: around(signal.longitude, CROSSING_DEGREES),
      },
      arterial,
      capacity: Math.round((arterial ? 240 : 110) * (0.7 + 0.6 * random.next())),
      freeSpeed: Math.round((arterial ? 80 : 50) * (0.9 + 0.2 * random.next())),
    };
  });
}

// The traffic metrics computed again from the rows, in the plainest way and without the code of the views,
// which tests compare with it.
import { isOperational, type TrafficRow } from './traffic-rows.ts';

export interface NaiveMetrics {
  readonly hourly: unknown[];
  readonly dailyPeak: unknown[];
  readonly dailyAverage: unknown[];
  readonly dailyAvailability: unknown[];
  readonly detectors: unknown[];
}

const dayOf = ({ tsMs }: TrafficRow): string => new Date(tsMs).toISOString().slice(0, 10);
const hourOf = ({ tsMs }: TrafficRow): number => new Date(tsMs).getUTCHours();
const instant = (ms: number): string =>
  new Date(ms).toISOString().replace('T', ' ').replace('Z', '');

/** Every metric of the rows, each as sorted objects of texts and numbers. */
export function naiveMetrics(rows: readonly TrafficRow[]): NaiveMetrics {
  const days = [...new Set(rows.map(dayOf))].toSorted();
  const detectors = [...new Set(rows.map(({ detector }) => detector))].toSorted();
  const known = rows.map((row) => ({ day: dayOf(row), hour: hourOf(row), of: row.detector }));
  const of = (day: string, hour: number, detector?: string): number => {
    return known.filter(
      (row) =>
        row.day === day && row.hour === hour && (detector === undefined || row.of === detector),
    ).length;
  };
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  const perDay = days.map((day) => ({ day, counts: hours.map((hour) => of(day, hour)) }));
  const perDetector = detectors.flatMap((detector) =>
    days.map((day) => ({ day, detector, counts: hours.map((hour) => of(day, hour, detector)) })),
  );
  return {
    hourly: perDetector.flatMap(({ counts, day, detector }) =>
      counts.flatMap((events, hour) => {
        const at = `${day} ${String(hour).padStart(2, '0')}:00:00`;
        return events === 0 ? [] : [{ detector_id: detector, hour: at, events }];
      }),
    ),
    dailyPeak: perDay.map(({ counts, day }) => {
      const peak = Math.max(...counts);
      return { day, peak_hour: counts.indexOf(peak), peak_events: peak };
    }),
    dailyAverage: perDay.map(({ counts, day }) => {
      const events = counts.reduce((sum, count) => sum + count);
      const hours_with_data = counts.filter((count) => count > 0).length;
      return { day, events, hours_with_data, mean_hourly_events: events / hours_with_data };
    }),
    dailyAvailability: days.flatMap((day) =>
      perDetector
        .filter((each) => each.day === day)
        .flatMap(({ counts, detector }) => {
          const hours_with_data = counts.filter((count) => count > 0).length;
          const availability = (hours_with_data * 100) / 24;
          if (hours_with_data === 0) return [];
          return [{ day, detector_id: detector, hours_with_data, availability }];
        }),
    ),
    detectors: detectors.map((detector) => newest(rows.filter((row) => row.detector === detector))),
  };
}

function newest(rows: readonly TrafficRow[]): unknown {
  const last = rows.reduce((one, other) => {
    const later =
      other.tsMs - one.tsMs || other.arrivedMs - one.arrivedMs || other.offset - one.offset;
    return later > 0 ? other : one;
  });
  return {
    detector_id: last.detector,
    detector_type: last.type,
    detector_status: last.status,
    signal_id: last.signal,
    is_operational: Number(isOperational(last)),
    events: rows.length,
    last_event: instant(last.tsMs),
    last_seen: instant(Math.max(...rows.map(({ arrivedMs }) => arrivedMs))),
  };
}

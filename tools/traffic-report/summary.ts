// The rolling figures as text for a person. It escapes every text of an event. Pure.
import { visible } from '../../platform/visible.ts';
import type { Rolling } from './snapshot.ts';

const LABEL_WIDTH = 21;
const STATUSES = 8;

/** Some lines, ending in a line break. */
export function summary(rolling: Rolling, atMs: number): string {
  const { events, since } = rolling;
  const scope =
    since === null ? 'all stored events' : `events that arrived since ${moment(since)} UTC`;
  const head = `Traffic at ${moment(new Date(atMs).toISOString())} UTC: ${scope}`;
  const lines = events === 0 ? ['  no events'] : figures(rolling);
  return `${[head, ...lines].join('\n')}\n`;
}

function figures(rolling: Rolling): string[] {
  const { by_status, detectors, events, events_last_hour, last_event, newest_days } = rolling;
  const statuses = by_status.map(({ detectors: of, status }) => `${visible(status)} ${number(of)}`);
  const more = statuses.length - STATUSES;
  return [
    line('events', `${number(events)} of ${count(detectors, 'sensor')}`),
    line('last hour of data', `${number(events_last_hour)} up to ${moment(last_event!)} UTC`),
    ...newest_days.map(({ day, hours_with_data, mean_hourly_events, peak_events, peak_hour }) => {
      const peak = `peak hour ${String(peak_hour).padStart(2, '0')}:00 with ${number(peak_events)}`;
      const over = `over ${count(hours_with_data, 'hour')} with data`;
      return line(`day ${day}`, `${peak}, mean ${decimal(mean_hourly_events)} an hour ${over}`);
    }),
    line('sensors by status', listed(statuses.slice(0, STATUSES), more)),
    line(
      'lowest availability',
      listed(
        rolling.lowest_availability.map(
          ({ availability, detector_id }) => `${visible(detector_id)} ${decimal(availability)} %`,
        ),
      ),
    ),
    line(
      'most events',
      listed(
        rolling.most_events.map(
          ({ detector_id, events: of }) => `${visible(detector_id)} ${number(of)}`,
        ),
      ),
    ),
  ];
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)}${text}`;
}

function listed(texts: readonly string[], more = 0): string {
  return [...texts, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** To the second, in UTC. */
function moment(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function decimal(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1, minimumFractionDigits: 1 });
}

function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

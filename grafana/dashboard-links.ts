// The links above the panels: from one dashboard to the others, and between the window of arrival and the
// window of replayed events, which are years old.
import { sensorData } from '../streams/sensor-data.ts';
import { trafficEvents } from '../streams/traffic.ts';
import { link } from './dashboard.ts';
import type { DashboardLink } from './kinds.ts';

const DASHBOARDS = {
  'sensor-overview': { title: 'Sensor overview', about: sensorData.family },
  'current-status-table': { title: 'Current status table', about: sensorData.family },
  'current-status-and-events': { title: 'Current status and events', about: sensorData.family },
  'traffic-overview': { title: 'Traffic overview', about: trafficEvents.family },
  'pipeline-health': { title: 'Pipeline health', about: '' },
} as const;

export type DashboardUid = keyof typeof DASHBOARDS;

/** What is chosen above the panels, for the address of a dashboard about the same. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  [sensorData.family]: [sensorData.key],
  [trafficEvents.family]: [trafficEvents.key, 'detector_type', 'detector_status'],
};

function kept(about: string): string {
  return (CHOICES[about] ?? []).map((name) => `\${${name}:queryparam}`).join('&');
}

/** Links to the other dashboards. */
export function siblings(own: DashboardUid): DashboardLink[] {
  return Object.entries(DASHBOARDS)
    .filter(([uid]) => uid !== own)
    .map(([uid, { about, title }]) => {
      const chosen = about === DASHBOARDS[own].about ? kept(about) : '';
      const query = chosen === '' ? '' : `?${chosen}`;
      return link(title, `Open ${title}`, `/d/${uid}${query}`);
    });
}

/** Links between the two windows, for dashboards with the variables of window.ts; `lately` as in now-15m. */
export function windows(own: DashboardUid, lately = '15m'): DashboardLink[] {
  const choices = kept(DASHBOARDS[own].about);
  const said = lately === '1h' ? 'hour' : '15 minutes';
  return [
    link(
      'Replayed range',
      'Event time, from the first event to the last',
      `/d/${own}?var-clock=event&from=\${events_from}&to=\${events_to}&${choices}`,
    ),
    link(
      'What arrives now',
      `The last ${said} of arrival`,
      `/d/${own}?var-clock=arrival&from=now-${lately}&to=now&${choices}`,
    ),
  ];
}

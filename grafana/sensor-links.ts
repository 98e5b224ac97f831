// The links above the panels of the sensor dashboards: from one to the other, and between the window
// of what arrives now and the window of what is replayed, whose events are years old.
import { sensorData } from '../streams/sensor-data.ts';
import { link } from './dashboard.ts';
import type { DashboardLink } from './kinds.ts';

const TITLES = {
  'sensor-overview': 'Sensor overview',
  'current-status-table': 'Current status table',
  'current-status-and-events': 'Current status and events',
  'pipeline-health': 'Pipeline health',
} as const;

export type SensorDashboard = keyof typeof TITLES;

/** The devices that are chosen, for the address of another dashboard about devices. */
const kept = `\${${sensorData.key}:queryparam}`;
const aboutDevices = (uid: string): boolean => uid !== 'pipeline-health';

/** Links to the other dashboards. */
export function siblings(own: SensorDashboard): DashboardLink[] {
  return Object.entries(TITLES)
    .filter(([uid]) => uid !== own)
    .map(([uid, title]) => {
      const chosen = aboutDevices(own) && aboutDevices(uid) ? `?${kept}` : '';
      return link(title, `Open ${title}`, `/d/${uid}${chosen}`);
    });
}

/** Links between the two windows, for dashboards with the variables of window.ts. */
export function windows(own: SensorDashboard): DashboardLink[] {
  return [
    link(
      'Replayed range',
      'Event time, from the first event to the last',
      `/d/${own}?var-clock=event&from=\${events_from}&to=\${events_to}&${kept}`,
    ),
    link(
      'What arrives now',
      'The last 15 minutes of arrival',
      `/d/${own}?var-clock=arrival&from=now-15m&to=now&${kept}`,
    ),
  ];
}

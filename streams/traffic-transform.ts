// The transforms of the traffic detectors' reports: raw to processed, processed to viz.
import { trafficEvents, trafficRaw, trafficViz } from './traffic.ts';
import { enrich, type Transform } from './transform.ts';

/** Says whether the detector works, and when that was found out (epoch seconds, to the millisecond). */
export const trafficEnrich: Transform = {
  name: 'traffic-enrich',
  group: 'traffic-processor',
  input: trafficRaw,
  outputs: [trafficEvents],
  origin: 'read',
  steps: [
    enrich(
      ({ detector_status: status }, nowMs) => ({
        is_operational: String(status).startsWith('OK'),
        processed_at: nowMs / 1_000,
      }),
      ['detector_status'],
    ),
  ],
};

/** Hands processed events on to whoever draws them, as they are. */
export const trafficForward: Transform = {
  name: 'traffic-forward',
  group: 'traffic-forwarder',
  input: trafficEvents,
  outputs: [trafficViz],
  origin: 'named',
  steps: [],
};

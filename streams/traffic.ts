// Traffic detectors: one event per report of a detector. Devices send the raw stream; the transform of
// traffic-transform.ts makes the processed one, which lands in a table; the forwarder copies it to viz for
// programs that draw it.
import { boolean, instant, text } from './field.ts';
import { defineStream, defineTopicStream } from './stream.ts';
import { trafficProjections, trafficViews } from './traffic-metrics.ts';

const family = 'traffic';
const retentionMs = 7 * 86_400_000;
const name = text({ repeats: true });

/** What a detector reports; counts and location are read from the message where they are wanted. */
const report = {
  detector_id: name,
  detector_type: name,
  detector_status: name,
  signal_id: name,
  ts: instant({ wire: 'timestamp', csv: 'timestamp', absent: 'record-timestamp' }),
} as const;

const processed = {
  ...report,
  /** Whether the status begins with OK. */
  is_operational: boolean(),
  /** A clock of ours, which may run long after the report: a topic can be processed again. */
  processed_at: instant({ maxAheadMs: Number.MAX_SAFE_INTEGER }),
} as const;

/** What the raw topic takes at most fits here with what is added to it. */
const maxMessageBytes = 1_048_588 + 65_536;

const common = { family, key: 'detector_id', eventTime: 'ts' } as const;

export const trafficRaw = defineTopicStream({
  ...common,
  name: 'traffic_raw',
  topic: { name: 'iot.traffic.raw', partitions: 3, retentionMs },
  event: report,
});

export const trafficEvents = defineStream({
  ...common,
  name: 'traffic_events',
  topic: { name: 'iot.traffic.processed', partitions: 3, retentionMs, maxMessageBytes },
  event: processed,
  origin: trafficRaw,
  table: {
    name: 'traffic_events',
    orderBy: ['detector_id', 'ts'],
    message: 'raw',
    projections: trafficProjections,
    views: Object.values(trafficViews('traffic_events')),
  },
});

export const trafficViz = defineTopicStream({
  ...common,
  name: 'traffic_viz',
  topic: { name: 'iot.traffic.viz', partitions: 3, retentionMs, maxMessageBytes },
  event: processed,
});

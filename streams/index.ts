// The catalogue: every stream this installation knows, by name. A stream is added here and nowhere else.
import { sensorData } from './sensor-data.ts';
import type { Stream, TopicStream } from './stream.ts';
import { trafficEvents, trafficRaw, trafficViz } from './traffic.ts';
import { trafficEnrich, trafficForward } from './traffic-transform.ts';
import type { Transform } from './transform.ts';

/** Those that land in a table. */
export const streams: readonly Stream[] = [sensorData, trafficEvents];

/** Those and the ones that end in their topic. */
export const topicStreams: readonly TopicStream[] = [...streams, trafficRaw, trafficViz];

/** What is made of one stream's records on the way to another. */
export const transforms: readonly Transform[] = [trafficEnrich, trafficForward];

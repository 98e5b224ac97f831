// The catalogue: every stream this installation knows, by name.
import { sensorData } from './sensor-data.ts';
import type { Stream } from './stream.ts';

export const streams: readonly Stream[] = [sensorData];

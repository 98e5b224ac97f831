// What a sensor producer replays: which stream, from which file, which device's rows, as which JSON.
// A producer of another stream differs here and in devices.ts only.
import { sensorData } from '../streams/sensor-data.ts';
import type { ProducerConfig } from './config.ts';
import { producers } from './devices.ts';
import { compileJson } from './event-json.ts';
import type { FileEvent } from './file-event.ts';
import { replayFile } from './replay-file.ts';
import { RowSource } from './row-source.ts';

export interface Selection {
  /** The record key of every event. */
  readonly key: string;
  readonly source: RowSource<FileEvent>;
  readonly encode: (event: FileEvent) => string;
  /** How much of the file has been read, 0 to 1. */
  readonly share: () => number;
}

/** Opens the file and reads its beginning. @throws {ConfigError} when it cannot be replayed. */
export async function openSelection(config: ProducerConfig): Promise<Selection> {
  const position = { readBytes: 0, sizeBytes: 0 };
  const key = config.PRODUCER.deviceId;
  const knownKeys = producers.map(({ deviceId }) => deviceId);
  const file = { stream: sensorData, path: config.DATA_PATH, key, knownKeys };
  const source = new RowSource(() => replayFile(file, position), config.LOOP);
  await source.check();
  return {
    key,
    source,
    encode: compileJson(sensorData, config.USE_NOW_TS),
    share: () => position.readBytes / Math.max(1, position.sizeBytes),
  };
}

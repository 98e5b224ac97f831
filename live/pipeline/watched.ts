// The objects that the strip watches for the chosen streams: the topics that producers send to, those that a
// processor must read before a row can land, and the query to ClickHouse. Pure.
import { topicsOf, type ChosenStreams } from '../../platform/streams-variable.ts';
import { transforms } from '../../streams/index.ts';
import type { Stream } from '../../streams/stream.ts';
import { deadLetters } from '../../streams/table.ts';

/** A processor between the producers and a table. */
export interface Relay {
  /** As `npm run processor` knows it. */
  readonly name: string;
  readonly group: string;
  readonly topic: string;
}

export interface Watched {
  /** Where producers send to. */
  readonly topics: readonly string[];
  readonly relays: readonly Relay[];
  /** One row: see {@link figuresSql}. */
  readonly figures: string;
}

export function watched(config: ChosenStreams): Watched {
  const { STREAMS: streams } = config;
  const sent = streams.flatMap((stream) =>
    stream.origin === undefined ? topicsOf(stream, config) : [stream.origin.topic.name],
  );
  const relays = transforms
    .filter(({ outputs }) => outputs.some(({ name }) => streams.some((each) => each.name === name)))
    .map(({ group, input, name }) => ({ name, group, topic: input.topic.name }));
  return { topics: [...new Set(sent)], relays, figures: figuresSql(streams) };
}

const IN_A_MINUTE = 'ingest_time >= now64(3) - INTERVAL 60 SECOND';
const WAITED_MS = 'toUnixTimestamp64Milli(ingest_time) - toUnixTimestamp64Milli(kafka_timestamp)';
/** A record that nobody gave a time has the time of its event: an old one does not say how long it waited. */
const TIMED = `(kafka_timestamp != event_time OR ${WAITED_MS} < 3600000)`;
const LATELY = 'ingest_time >= now64(3) - INTERVAL 15 MINUTE';

/** Over the tables of all streams: how much there is, what came in the last minute, what was rejected. */
function figuresSql(streams: readonly Stream[]): string {
  const all = (select: (stream: Stream) => string): string =>
    streams.map((stream) => select(stream)).join(' UNION ALL ');
  const counts = all(({ table }) => `SELECT count() AS rows FROM ${table.name}`);
  const newest = all(({ table }) => `SELECT maxOrNull(ingest_time) AS newest FROM ${table.name}`);
  const recent = all(({ eventTime, key, name, table }) => {
    const device = `('${name}', toString(${key})) AS device`;
    return `SELECT ${device}, ingest_time, kafka_timestamp, ${eventTime} AS event_time FROM ${table.name} WHERE ${IN_A_MINUTE}`;
  });
  // All of them, as Pipeline health counts: a stream that is not chosen may have some, too.
  const dead = `FROM ${deadLetters.name}`;
  return `SELECT
  (SELECT sum(rows) FROM (${counts})) AS rows,
  (SELECT count() ${dead}) AS dead,
  (SELECT count() ${dead} WHERE ${LATELY}) AS dead_recent,
  (SELECT topK(1)(reason)[1] ${dead} WHERE ${LATELY}) AS dead_reason,
  (SELECT max(newest) FROM (${newest})) AS newest,
  if(newest IS NULL, NULL, toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(assumeNotNull(newest))) AS newest_age_ms,
  count() AS recent_rows,
  uniqExact(device) AS recent_devices,
  if(countIf(${TIMED}) = 0, NULL, quantileIf(0.99)(${WAITED_MS}, ${TIMED})) AS delay_ms
FROM (${recent})`;
}

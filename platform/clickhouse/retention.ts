// How long a table keeps its rows, as ClickHouse is told (a TTL on ingest_time) and as it tells. Pure.
// The setup writes it; the audit reads it, because what has expired is not lost.

/** The TTL expression of a retention; the very text that the server shows again. */
export function retentionTtl(days: number): string {
  return `toDateTime(ingest_time) + toIntervalDay(${days})`;
}

/** The TTL clause in a table's `engine_full`, '' when it has none. */
export function ttlOf(engineFull: string): string {
  return / TTL (.*?)(?= SETTINGS |$)/.exec(engineFull)?.[1] ?? '';
}

/** The days of a TTL that {@link retentionTtl} wrote; undefined for none, or one of somebody else's. */
export function retentionDays(engineFull: string): number | undefined {
  const days = /^toDateTime\(ingest_time\) \+ toIntervalDay\((\d+)\)$/.exec(ttlOf(engineFull))?.[1];
  return days === undefined ? undefined : Number(days);
}

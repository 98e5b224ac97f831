// The retention of a table, as a TTL on ingest_time: written for ClickHouse and read from its table
// definition. Pure. The setup writes it; the audit reads it, because an expired row is not a lost one.

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

// When an open batch is due. Pure: sizes and times in, milliseconds to wait out.

export interface FlushLimits {
  /** A batch of this many rows is due. */
  readonly batchRows: number;
  /** The oldest row of a batch waits no longer than this. */
  readonly flushIntervalMs: number;
  /** No row is added to a batch beyond these; they are due without further delay. */
  readonly maxBatchRows: number;
  readonly maxBatchBytes: number;
}

export interface OpenBatch {
  /** Rows and dead letters. */
  readonly records: number;
  readonly bytes: number;
  /** When its first record came in. */
  readonly openedAtMs: number;
  /** When the previous flush began. */
  readonly lastFlushAtMs: number;
  /** Kafka holds more that was not taken yet. */
  readonly behind: boolean;
}

/**
 * Inserts follow one another no faster than this: each costs the server some 7 ms and a part, so
 * `BATCH_SIZE=100` at 20,000 rows/s must not become 200 parts a second.
 */
export const FLUSH_SPACING_MS = 100;

/**
 * With a backlog nobody waits for the newest row, and larger parts cost the server less: merging took
 * 1.1 us of CPU a row in parts of 100,000 rows, 0.5 in parts of 200,000. Full batches do not wait.
 */
export const BACKLOG_SPACING_MS = 1_000;

/** Milliseconds until the batch is due: 0 is now, undefined is not before another record comes. */
export function dueInMs(batch: OpenBatch, limits: FlushLimits, nowMs: number): number | undefined {
  if (batch.records === 0) return undefined;
  if (isFull(batch, limits)) return 0;
  const spacingMs = batch.behind ? BACKLOG_SPACING_MS : FLUSH_SPACING_MS;
  const spacedMs = batch.lastFlushAtMs + spacingMs - nowMs;
  const agedMs = batch.openedAtMs + limits.flushIntervalMs - nowMs;
  const waitMs = batch.records >= limits.batchRows ? Math.min(spacedMs, agedMs) : agedMs;
  return Math.max(0, waitMs);
}

/** True when nothing may be added before the batch is flushed. */
export function isFull(
  { bytes, records }: Pick<OpenBatch, 'bytes' | 'records'>,
  { maxBatchBytes, maxBatchRows }: FlushLimits,
): boolean {
  return records >= maxBatchRows || bytes >= maxBatchBytes;
}

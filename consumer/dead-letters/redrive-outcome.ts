// Asks ClickHouse for the outcome of the messages that a re-drive published: rows, dead letters again, or not
// landed yet. It waits a little, since the consumer ingests them after the command has sent them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import type { Stream } from '../../streams/stream.ts';
import { deadLetterRedrives, deadLetters } from '../../streams/table.ts';
import { Tally } from './redrive-forecast.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';

const LOOK_EVERY_MS = 250;

/** The server's clock, epoch milliseconds: what is written down from now on is of this run. */
export async function serverNowMs(clickhouse: ClickHouse): Promise<number> {
  const [row] = await clickhouse.rows<{ now: string }>(
    'SELECT toString(toUnixTimestamp64Milli(now64(3))) AS now',
  );
  return Number(row!.now);
}

/**
 * The outcome of the messages of a stream that were published since `sinceMs`, as soon as all have landed,
 * or after `waitMs`, or when `signal` aborts.
 * @throws {UnavailableError | ConfigError}
 */
export async function outcomeOf(
  clickhouse: ClickHouse,
  stream: Stream,
  sinceMs: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<Tally> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const tally = await landed(clickhouse, stream, sinceMs);
    const all = tally.rows + tally.rejections === tally.letters;
    if (all || performance.now() >= deadline || signal.aborted) return tally;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function landed(clickhouse: ClickHouse, stream: Stream, sinceMs: number): Promise<Tally> {
  const since = `fromUnixTimestamp64Milli(${sinceMs}, 'UTC')`;
  const places = `SELECT toString(target_source), target_partition, target_offset
    FROM ${deadLetterRedrives.name}
    WHERE stream = ${quoted(stream.name)} AND state = 'published' AND written_at >= ${since}`;
  const is = (of: 'kafka' | 'origin'): string =>
    `(toString(${of}_source), ${of}_partition, ${of}_offset) IN (${places})`;
  // What a processor makes of a message says which one; what was sent to the table's topic is there itself.
  const found = stream.origin === undefined ? is('kafka') : `(${is('kafka')} OR ${is('origin')})`;
  const [[counts], rejected] = await Promise.all([
    clickhouse.rows<Record<'published' | 'rows', string>>(
      `SELECT toString((SELECT uniqExact(*) FROM (${places}))) AS published,
         toString((SELECT count() FROM ${stream.table.name}
                   WHERE ingest_time >= ${since} - INTERVAL 1 HOUR AND ${found})) AS rows`,
    ),
    clickhouse.rows<Record<'reason' | 'field' | 'n', string>>(
      `SELECT reason, field, toString(uniqExact(kafka_source, kafka_partition, kafka_offset)) AS n
       FROM ${deadLetters.name} WHERE stream = ${quoted(stream.name)} AND ${found}
       GROUP BY reason, field ORDER BY reason, field`,
    ),
  ]);
  const tally = new Tally();
  tally.letters = Number(counts!.published);
  tally.rows = Number(counts!.rows);
  for (const { field, n, reason } of rejected) tally.reject(reason, field, Number(n));
  return tally;
}

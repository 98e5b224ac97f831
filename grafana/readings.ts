// Queries over the rows of a window, for any stream: values and rates over time, the newest row of
// each device, changes of a flag, silences.
import type { Window } from './window.ts';

/**
 * Values over time by device. A point is the start of its interval, but never before the window:
 * a lone first point would be "outside the time range".
 */
export function overTime(w: Window, values: string): string {
  return `${w.with}SELECT greatest($__timeInterval_ms(${w.moment}), $__fromTime_ms) AS time, ${w.device}, ${values}
FROM ${w.rows}
${w.where}
GROUP BY time, ${w.device}
ORDER BY time, ${w.device}`;
}

/** An interval that has only begun, or has only begun to have rows, counts from then on. */
const LEAST_SEC = 5;

/**
 * Rows per second over time, by `by`: rows by the time that the interval has been going on, or has had
 * rows at all. An interval without rows is a zero, or a line would be drawn across an outage. A window
 * without any rows has no lines ('' is what filling makes of nothing). The very first batch is the moment
 * from which on time is counted: what had waited before it says nothing about the rate.
 */
export function perSecond(w: Rows, by: string, name = 'rows'): string {
  return rates(w, by, name, 'row_count / seconds');
}

/** The same per minute. */
export function perMinute(w: Rows, by: string): string {
  return rates(w, by, 'events', 'row_count * 60 / seconds');
}

type Rows = Pick<Window, 'moment' | 'rows' | 'since' | 'until' | 'where' | 'with'>;

function rates(w: Rows, by: string, name: string, rate: string): string {
  const start = (time: string): string =>
    `toStartOfInterval(${time}, INTERVAL $__interval_s second)`;
  return `${withTimes(w)}SELECT greatest(bucket, $__fromTime_ms) AS time, ${by}, ${rate} AS ${name}
FROM (
  SELECT bucket, ${by}, row_count,
    dateDiff('millisecond', greatest(bucket, since), least(bucket + INTERVAL $__interval_s second, until)) / 1000 AS seconds
  FROM (
    SELECT ${start(w.moment)} AS bucket, ${by}, countIf(${w.moment} > since) AS row_count
    FROM ${w.rows}
    ${w.where}
    GROUP BY bucket, ${by}
    ORDER BY ${by}, bucket WITH FILL
      FROM ${start('since')}
      TO ${start('greatest(since, until)')} + INTERVAL $__interval_s second
      STEP INTERVAL $__interval_s second
  )
)
WHERE ${by} != '' AND seconds >= least(${LEAST_SEC}, $__interval_s)
ORDER BY time, ${by}`;
}

/** Mean rows per second of the window, as far as it has rows, by device. */
export function meanPerSecond(w: Window): string {
  return `${withTimes(w)}SELECT ${w.device}, countIf(${w.moment} > since) / greatest(1, dateDiff('millisecond', since, until) / 1000) AS rows
FROM ${w.rows}
${w.where}
GROUP BY ${w.device}
ORDER BY ${w.device}`;
}

function withTimes({ since, until, with: before }: Rows): string {
  const first = before === '' ? 'WITH ' : `${before.trimEnd()},\n  `;
  return `${first}${since} AS since,\n  ${until} AS until\n`;
}

/** Columns of the newest row of each device. */
export function latest(w: Window, columns: readonly string[]): string {
  const newest = columns.map((name) => `argMax(${name}, ${w.order}) AS latest_${name}`);
  const named = columns.map((name) => `latest_${name} AS ${name}`);
  return `SELECT ${[w.device, ...named].join(', ')}
FROM (
  ${w.with}SELECT ${[w.device, ...newest].join(', ')}
  FROM ${w.rows}
  ${w.where}
  GROUP BY ${w.device}
)
ORDER BY ${w.device}`;
}

/** The newest rows, newest first. */
export function newestRows(w: Window, columns: readonly string[], limit: number): string {
  return `${w.with}SELECT ${columns.join(', ')}
FROM ${w.rows}
${w.where}
ORDER BY ${w.moment} DESC, ${w.order} DESC
LIMIT ${limit}`;
}

/** What a flag's changes are called. */
export interface Flag {
  readonly column: string;
  readonly on: string;
  readonly off: string;
}

/** Every change of a flag from one row of a device to its next, newest first. */
export function changes(w: Window, flags: readonly Flag[], limit: number): string {
  const columns = flags.map(({ column }) => column);
  const before = columns.map(
    (name) => `lagInFrame(${name}, 1, ${name}) OVER before AS ${name}_before`,
  );
  const happened = flags.map(({ column, off, on }) => {
    return `if(${column} = ${column}_before, '', if(${column} = 1, '${on}', '${off}'))`;
  });
  return `${w.with}SELECT ${w.eventTime}, ${w.device}, change, arrived
FROM (
  SELECT ${[w.eventTime, w.device, `ingest_time AS arrived`, `${w.order} AS place`, ...columns].join(', ')},
    ${before.join(',\n    ')}
  FROM ${w.rows}
  ${w.where}
  WINDOW before AS (PARTITION BY ${w.device} ORDER BY ${w.order} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
ARRAY JOIN arrayFilter(each -> each != '', [${happened.join(', ')}]) AS change
ORDER BY place DESC
LIMIT ${limit}`;
}

/**
 * Times longer than `seconds` in which nothing of a device came, newest first. By arrival, the last
 * one may still go on: then it ends now.
 */
export function silences(w: Window, seconds: string, limit: number): string {
  return `SELECT ${w.device}, since, until, dateDiff('millisecond', since, until) / 1000 AS seconds
FROM (
  ${w.with}SELECT DISTINCT ${w.device}, ${w.moment} AS since,
    leadInFrame(${w.moment}, 1, ${w.openEnd}) OVER after AS until
  FROM ${w.rows}
  ${w.where}
  WINDOW after AS (PARTITION BY ${w.device} ORDER BY ${w.moment} ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
)
WHERE seconds > ${seconds}
ORDER BY since DESC
LIMIT ${limit}`;
}

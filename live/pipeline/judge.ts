// Describes the state of the pipeline in plain words: one place after the other, with figures, a colour, and
// for a problem its meaning and the remedy. Pure.
import type { PipelineNews, Place, State } from '../model/protocol.ts';
import { ago, formatNumber } from '../model/units.ts';
import { perSecond, type Reading, type RelayReading, type Witness } from './reading.ts';

const SILENT_MS = 60_000;
const SLOW_MS = 10_000;
const STALE_MS = 60_000;
/** A processor commits every 100 ms. */
const STUCK_MS = 10_000;
/** Less than that is not "behind" at any pace. */
const FEW_RECORDS = 500;
/** Behind by more than what arrives in that time. */
const BEHIND_SEC = 10;
const FAR_BEHIND_SEC = 300;
const BAD_SHARE = 0.01;

interface Paces {
  readonly sent: number | undefined;
  readonly inserted: number | undefined;
}

type Said = Pick<Place, 'state' | 'figure' | 'detail' | 'reason'>;

/** `readings` in order of time, the newest last; `lastSentMs` is when Kafka's end moved last. */
export function judge(readings: readonly Reading[], lastSentMs: number | undefined): PipelineNews {
  const now = readings.at(-1)!;
  const paces = pacesOf(readings);
  const places: Place[] = [
    { id: 'producers', title: 'Producers', ...producers(now, paces, lastSentMs) },
    { id: 'kafka', title: 'Kafka', ...kafka(now, stuckRelay(readings)) },
    { id: 'consumer', title: 'Consumer', ...consumer(now, paces) },
    { id: 'clickhouse', title: 'ClickHouse', ...clickhouse(now, paces, stuckRelay(readings)) },
    { id: 'dead-letters', title: 'Dead letters', ...deadLetters(now) },
  ];
  const [sent, inserted] = [paces.sent ?? null, paces.inserted ?? null];
  return { places, flows: [sent, inserted, inserted] };
}

function pacesOf(readings: readonly Reading[]): Paces {
  const pace = (of: (reading: Reading) => number | undefined): number | undefined => {
    const known = readings.flatMap((reading) => {
      const value = of(reading);
      return value === undefined ? [] : [{ atMs: reading.atMs, value }];
    });
    return known.length < 2 ? undefined : perSecond(known[0], known.at(-1)!);
  };
  return {
    sent: pace(({ kafka: said }) => (said.ok ? said.said.end : undefined)),
    inserted: pace(({ consumer: said }) => {
      if (!said.ok) return undefined;
      const { deadLetters, duplicates, inserted, unreadable } = said.said;
      return inserted + deadLetters + duplicates + unreadable;
    }),
  };
}

function producers(
  { atMs, clickhouse: rows, kafka: broker }: Reading,
  { sent }: Paces,
  lastSentMs?: number,
): Said {
  const devices =
    rows.ok && rows.said.recentDevices > 0
      ? `${count(rows.said.recentDevices, 'device')} of all streams in the last minute`
      : '';
  if (!broker.ok) return unknown('Nobody can send while Kafka is away.');
  const figure = rateText(sent, 'msg/s');
  const silentMs = lastSentMs === undefined ? undefined : atMs - lastSentMs;
  if (broker.said.end === 0) {
    return said('idle', figure, '', 'No message was sent yet. Start a producer: npm run producer.');
  }
  if (silentMs !== undefined && silentMs > SILENT_MS) {
    const reason = `The last message was sent ${ago(silentMs)}: the producers have ended or cannot reach Kafka.`;
    return said('warn', figure, devices, reason);
  }
  if (sent === 0) return said('ok', figure, devices, 'None came in the last seconds.');
  return said('ok', figure, devices, 'Messages keep coming.');
}

/** The first processor for which messages wait and that has dealt with none of them for a while. */
function stuckRelay(readings: readonly Reading[]): RelayReading | undefined {
  const now = readings.at(-1)!;
  const known = readings.flatMap(({ atMs, kafka: broker }) =>
    broker.ok ? [{ atMs, relays: broker.said.relays }] : [],
  );
  const first = known[0];
  if (!now.kafka.ok || first === undefined || now.atMs - first.atMs < STUCK_MS) return undefined;
  // What is known ends with what is now.
  return now.kafka.said.relays.find(({ done, name }) =>
    known.every(({ relays }) => {
      const then = relays.find((relay) => relay.name === name);
      return then !== undefined && then.waiting > 0 && then.done === done;
    }),
  );
}

function kafka({ kafka: broker }: Reading, stuck: RelayReading | undefined): Said {
  if (!broker.ok) return said('bad', 'away', '', broker.why);
  const { end, hidden = 0, kept, partitions } = broker.said;
  const detail = count(partitions, 'partition');
  if (stuck !== undefined) {
    const reason = `${count(stuck.waiting, 'message')} ${stuck.waiting === 1 ? 'waits' : 'wait'} for the processor ${stuck.name}. Start it: npm run processor, with PROCESSOR=${stuck.name}.`;
    return said('warn', `${short(kept)} kept`, detail, reason);
  }
  const gone = end - kept;
  const reason =
    gone === 0
      ? 'Every message sent is still kept.'
      : `Retention removed the ${short(gone)} oldest messages.`;
  const open =
    hidden === 0
      ? ''
      : ` ${count(hidden, 'message')} may not be read before an open transaction ends.`;
  return said('ok', `${short(kept)} kept`, detail, `${reason}${open}`);
}

function consumer({ consumer: witness, kafka: broker }: Reading, { inserted, sent }: Paces): Said {
  if (!witness.ok) return said('bad', 'away', '', witness.why);
  const { hidden = 0, lag, ready, standstills = [] } = witness.said;
  const figure = rateText(inserted, 'msg/s');
  const detail = `lag ${short(lag)}`;
  if (standstills.length > 0) {
    const reason = `It runs, but ${standstills[0]!}. Restart it; npm run doctor says more.`;
    return said('bad', figure, detail, reason);
  }
  if (!ready) {
    const what = broker.ok ? 'its partitions, Kafka or ClickHouse' : 'Kafka';
    return said(
      'warn',
      figure,
      detail,
      `It runs, but waits for ${what}. Nothing is lost meanwhile.`,
    );
  }
  const pace = Math.max(inserted ?? 0, sent ?? 0);
  if (lag <= Math.max(FEW_RECORDS, pace * BEHIND_SEC)) {
    const open =
      hidden === 0
        ? ''
        : ` ${count(hidden, 'message')} may not be read before an open transaction ends.`;
    const well = lag === 0 ? 'It has ingested everything.' : 'It keeps up.';
    return said('ok', figure, detail, `${well}${open}`);
  }
  const gain = (inserted ?? 0) - (sent ?? 0);
  if (gain > 0) {
    const left = formatNumber(lag / gain, 's', 0);
    const reason = `Behind by ${short(lag)} messages and catching up: about ${left.text}${left.suffix} to go.`;
    return said('warn', figure, detail, reason);
  }
  const far = lag > pace * FAR_BEHIND_SEC;
  const reason = `Behind by ${short(lag)} messages and not catching up. npm run doctor says what holds it back.`;
  return said(far ? 'bad' : 'warn', figure, detail, reason);
}

/** Nothing waits for a processor, and nothing else keeps the consumer back: what was sent had no record for anybody, as aborted transactions have none. */
function isThrough({ consumer: witness, kafka: broker }: Reading): boolean {
  if (!witness.ok || !broker.ok) return false;
  return witness.said.ready && broker.said.relays.every(({ waiting }) => waiting === 0);
}

function clickhouse(now: Reading, { inserted, sent }: Paces, stuck?: RelayReading): Said {
  const { clickhouse: rows, consumer: witness } = now;
  if (!rows.ok) return said('bad', 'away', '', rows.why);
  const { deadRecent, deadTotal, delayP99Ms, newestAgeMs, rows: total } = rows.said;
  const figure = `${short(total)} rows`;
  if (newestAgeMs === null && deadTotal > 0) {
    const reason =
      'No message has become a row yet. npm run dead-letters shows those that were rejected.';
    return said('warn', figure, '', reason);
  }
  if (newestAgeMs === null) {
    return said('idle', figure, '', 'The table is empty: no message has arrived yet.');
  }
  const detail = `of all streams, newest ${ago(newestAgeMs)}`;
  const behind = witness.ok && witness.said.lag > 0;
  const rejected = (inserted ?? 0) > 0 && deadRecent > 0;
  if (newestAgeMs > STALE_MS && (behind || rejected || ((sent ?? 0) > 0 && !isThrough(now)))) {
    const since = `No row arrived for ${ago(newestAgeMs).replace(' ago', '')}`;
    // The consumer's pace counts dead letters, too: messages do not wait, they are rejected.
    if (rejected) {
      const reason = `${since}: the messages that arrive are rejected. npm run dead-letters shows why.`;
      return said('bad', figure, detail, reason);
    }
    const reason = `${since} although messages wait. Look at the ${stuck === undefined ? 'consumer' : 'processor'}.`;
    return said('bad', figure, detail, reason);
  }
  if (delayP99Ms !== null && delayP99Ms > SLOW_MS) {
    const delay = formatNumber(delayP99Ms, 'ms', 1);
    const reason = `Rows arrive late: 1 of 100 takes ${delay.text}${delay.suffix} or more from Kafka to the table.`;
    return said('warn', figure, detail, reason);
  }
  if (delayP99Ms === null)
    return said('ok', figure, detail, 'It answers; no row came in the last minute.');
  const delay = formatNumber(delayP99Ms, 'ms', 1);
  return said(
    'ok',
    figure,
    detail,
    `99 of 100 rows take less than ${delay.text}${delay.suffix} from Kafka to here.`,
  );
}

function deadLetters({ clickhouse: rows }: Reading): Said {
  if (!rows.ok) return unknown('ClickHouse has them and does not answer.');
  const { deadReason, deadRecent, deadTotal, recentRows } = rows.said;
  const figure = `${short(deadTotal)} in all`;
  const detail = `${short(deadRecent)} in 15 minutes`;
  if (deadRecent === 0) {
    const reason =
      deadTotal === 0 ? 'The table dead_letters is empty.' : 'None in the last 15 minutes.';
    return said('ok', figure, detail, reason);
  }
  const why = deadReason === '' ? '' : `, mostly ${deadReason}`;
  const reason = `${count(deadRecent, 'message')} rejected in the last 15 minutes${why}. npm run dead-letters shows them.`;
  // Rows are of one minute, dead letters of 15.
  const share = deadRecent / (deadRecent + recentRows * 15);
  return said(share > BAD_SHARE ? 'bad' : 'warn', figure, detail, reason);
}

function said(state: State, figure: string, detail: string, reason: string): Said {
  return { state, figure, detail, reason };
}

function unknown(reason: string): Said {
  return said('idle', '–', '', reason);
}

function rateText(pace: number | undefined, unit: string): string {
  if (pace === undefined) return '…';
  return `${pace > 0 && pace < 10 ? pace.toFixed(1) : short(Math.round(pace))} ${unit}`;
}

/** Exact as long as it can be read at a glance. */
function short(value: number): string {
  if (value < 100_000) return Math.round(value).toLocaleString('en-US');
  const { suffix, text } = formatNumber(value, 'si:', 1);
  return text + suffix;
}

function count(value: number, noun: string): string {
  return `${short(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Why a witness is silent, for the strip. */
export function silent<T>(why: string): Witness<T> {
  return { ok: false, why };
}

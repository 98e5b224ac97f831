// The rows of a stream that a panel shows: those of the dashboard's window, by the chosen clock and of the
// chosen devices. Works for any declared stream.
import { columnOf, type Stream } from '../streams/stream.ts';
import { coordinates, ingestTime, tableOf } from '../streams/table.ts';
import { choiceVariable, linkVariable, queryVariable, type Variable } from './dashboard.ts';

/** The parts that queries over a window are put together from. */
export interface Window {
  /** The table. */
  readonly rows: string;
  /** The column that tells devices apart: the stream's key. */
  readonly device: string;
  readonly eventTime: string;
  /** Goes before SELECT; possibly empty. */
  readonly with: string;
  /** The time that the window is one of. */
  readonly moment: string;
  /** The later of two rows with the same moment. */
  readonly order: string;
  /** From when to when the window can have rows: not before the first row ever, not after now. */
  readonly since: string;
  readonly until: string;
  /** When a silence ends that no row has ended yet. */
  readonly openEnd: string;
  /** WHERE with its conditions. */
  readonly where: string;
}

export const NOW = 'least(now64(3), $__toTime_ms)';

/** When the first row of the tables arrived, now where there is none; known without reading rows. */
export function firstArrival(tables: readonly string[]): string {
  const firsts = tables.map((table) => {
    return `ifNull((SELECT min(${ARRIVED}) FROM ${table} HAVING count() > 0), now64(3))`;
  });
  return firsts.length === 1 ? firsts[0]! : `least(${firsts.join(', ')})`;
}

/** The beginning of a window of arrival that has rows. */
export function sinceFirst(tables: readonly string[]): string {
  return `greatest($__fromTime_ms, ${firstArrival(tables)})`;
}

type Devices = 'chosen' | 'every' | 'repeated';

export const ARRIVED = ingestTime.name;
export const OFFSET = coordinates.find(({ name }) => name === 'kafka_offset')!.name;

const among = (column: string): string => `${column} IN (\${${column}:singlequote})`;

/**
 * The condition of a column whose values are chosen above the panels, by a variable of its name. With All
 * there is none at all: the list of options may be empty or long.
 */
export function chosenAmong(column: string): string {
  return `$__conditionalAll(${among(column)}, $${column})`;
}

function conditions(
  within: string,
  device: string,
  devices: Devices,
  more: readonly string[] = [],
): string {
  const which = {
    every: [],
    // Inside a repeated panel the plugin still sees All, but the variable itself has one value.
    repeated: [among(device)],
    chosen: [chosenAmong(device)],
  }[devices];
  return `WHERE ${[within, ...which, ...more.map(chosenAmong)].join(' AND ')}`;
}

/** The rows that arrived in the window. */
export function arrivals(stream: Stream, devices: Devices = 'every'): Window {
  const { eventTime, key: device } = stream;
  return {
    ...{ rows: rowsOf(stream), device, eventTime, with: '', moment: ARRIVED },
    order: `(${ARRIVED}, ${OFFSET})`,
    since: sinceFirst([tableOf(stream).name]),
    until: NOW,
    openEnd: NOW,
    where: conditions(`$__timeFilter_ms(${ARRIVED})`, device, devices),
  };
}

/** Whatever tells devices apart is a text to panels: a number would be drawn. */
function rowsOf(stream: Stream): string {
  const { key } = stream;
  const { name } = tableOf(stream);
  if (columnOf(stream.columns, key)!.field.kind === 'text') return name;
  return `(SELECT * REPLACE (toString(${key}) AS ${key}) FROM ${name})`;
}

/** The rows that arrived in the last day, whatever the window: for what is said about now. */
export function lastDay(stream: Stream, devices: Devices = 'chosen'): Window {
  const within = `${ARRIVED} > now64(3) - INTERVAL 1 DAY`;
  return { ...arrivals(stream), where: conditions(within, stream.key, devices) };
}

/**
 * The rows that arrived in the window, or whose events happened in it: as variable `clock` says. `more`
 * are further columns whose values are chosen above the panels.
 */
export function byClock(
  stream: Stream,
  devices: Devices = 'chosen',
  more: readonly string[] = [],
): Window {
  const window = arrivals(stream);
  return {
    ...window,
    with: `WITH if(\${clock:singlequote} = 'event', ${window.eventTime}, ${ARRIVED}) AS moment\n`,
    moment: 'moment',
    order: `(moment, ${OFFSET})`,
    since: `if(\${clock:singlequote} = 'event', $__fromTime_ms, ${window.since})`,
    // Event time does not go on by itself.
    openEnd: `if(\${clock:singlequote} = 'event', moment, ${NOW})`,
    where: conditions('$__timeFilter_ms(moment)', window.device, devices, more),
  };
}

/** The choice that {@link byClock} reads. */
export const clockVariable: Variable = choiceVariable('clock', 'Window of', [
  ['arrival', 'arrival'],
  ['event', 'event time'],
]);

/** The devices of a stream, as a drop-down. */
export function deviceVariable(stream: Stream, label: string): Variable {
  const { device, rows } = arrivals(stream);
  const sql = `SELECT ${device} FROM ${rows} GROUP BY ${device} ORDER BY ${device}`;
  return queryVariable(device, label, sql);
}

/**
 * From when to when the replayed events of a stream happened, for a link to that window: those more than
 * an hour off their record, since a replay may hold some without a time of their own. Of all events where
 * none is replayed.
 */
export function eventRangeVariables(stream: Stream): Variable[] {
  const { eventTime, rows } = arrivals(stream);
  const replayed = `abs(dateDiff('second', ${eventTime}, kafka_timestamp)) >= 3600`;
  const ends = (edge: 'min' | 'max', none: string): string => {
    const moment = `if(countIf(replayed) = 0, ${edge}(${eventTime}), ${edge}If(${eventTime}, replayed))`;
    return `SELECT if(count() = 0, '${none}', toString(toUnixTimestamp64Milli(${moment}))) AS edge
FROM (SELECT ${eventTime}, ${replayed} AS replayed FROM ${rows})`;
  };
  return [
    linkVariable('events_from', ends('min', 'now-15m')),
    linkVariable('events_to', ends('max', 'now')),
  ];
}

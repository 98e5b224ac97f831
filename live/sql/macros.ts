// Expands a panel's SQL as Grafana and its ClickHouse plugin 4.20 do before they send a query:
// conditionalAll, Grafana's variables, then the plugin's macros. An unknown macro is an error. Pure.
import { quoted } from '../../platform/clickhouse/quoted.ts';
/** What a person looks at. */
export interface Viewed {
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
  /** Values of each variable; `all` when All is chosen. */
  readonly variables: Readonly<Record<string, readonly string[] | 'all'>>;
  /** What All stands for where a list is needed. */
  readonly options?: Readonly<Record<string, readonly string[]>>;
}

/** Puts one value of a variable into the SQL. `format` is what follows the colon, '' for none. */
export type WriteValue = (value: string, variable: string, format: string) => string;

type Macro = (parameters: readonly string[], viewed: Viewed) => string;

const seconds = (ms: number): string => `toDateTime(${Math.floor(ms / 1_000)})`;
const millis = (ms: number): string => `fromUnixTimestamp64Milli(${ms})`;
const day = (ms: number): string => `toDate('${new Date(ms).toISOString().slice(0, 10)}')`;
const intervalSec = ({ intervalMs }: Viewed): number => Math.max(1, Math.floor(intervalMs / 1_000));

const timeFilter: Macro = ([c], { fromMs, toMs }) =>
  `${c} >= ${seconds(fromMs)} AND ${c} <= ${seconds(toMs)}`;
const dateFilter: Macro = ([c], { fromMs, toMs }) =>
  `${c} >= ${day(fromMs)} AND ${c} <= ${day(toMs)}`;
const dateTimeFilter: Macro = ([d, t], viewed) =>
  `(${dateFilter([d!], viewed)}) AND (${timeFilter([t!], viewed)})`;

const MACROS: Readonly<Record<string, Macro>> = {
  timeFilter,
  timeFilter_ms: ([c], { fromMs, toMs }) => `${c} >= ${millis(fromMs)} AND ${c} <= ${millis(toMs)}`,
  dateFilter,
  dateTimeFilter,
  dt: dateTimeFilter,
  fromTime: (_, { fromMs }) => seconds(fromMs),
  toTime: (_, { toMs }) => seconds(toMs),
  fromTime_ms: (_, { fromMs }) => millis(fromMs),
  toTime_ms: (_, { toMs }) => millis(toMs),
  timeInterval: ([c], viewed) =>
    `toStartOfInterval(toDateTime(${c}), INTERVAL ${intervalSec(viewed)} second)`,
  timeInterval_ms: ([c], { intervalMs }) =>
    `toStartOfInterval(toDateTime64(${c}, 3), INTERVAL ${intervalMs} millisecond)`,
  interval_s: (_, viewed) => String(intervalSec(viewed)),
};

/** Grafana's own variables. */
const GLOBALS: Readonly<Record<string, (viewed: Viewed) => string>> = {
  __from: ({ fromMs }) => String(fromMs),
  __to: ({ toMs }) => String(toMs),
  __interval: (viewed) => `${intervalSec(viewed)}s`,
  __interval_ms: ({ intervalMs }) => String(intervalMs),
  __range_s: ({ fromMs, toMs }) => String(Math.round((toMs - fromMs) / 1_000)),
  __range_ms: ({ fromMs, toMs }) => String(toMs - fromMs),
};

const conditionalAll: Macro = (parameters, { variables }) => {
  const name = parameters.at(-1)!.replace(/^\$\{?(\w+).*$/, '$1');
  const chosen = variables[name];
  const all = chosen === 'all' || chosen?.every((value) => value === '');
  return all === true ? '1=1' : parameters.slice(0, -1).join(', ');
};

/**
 * The SQL with everything put in, values of variables by `write`.
 * @throws {Error} for a macro or variable that neither of the two would expand.
 */
export function expandWith(sql: string, viewed: Viewed, write: WriteValue): string {
  let text = replaceMacro(sql, 'conditionalAll', conditionalAll, viewed);
  text = replaceVariables(text, viewed, write);
  for (const [name, macro] of Object.entries(MACROS))
    text = replaceMacro(text, name, macro, viewed);
  const left = /\$__\w+|\$\{[^}]*\}/.exec(text);
  if (left !== null) throw new Error(`${left[0]} stays in the query:\n${text}`);
  return text;
}

/** As the plugin does it, values as quoted literals. @throws {Error} as {@link expandWith}. */
export function expand(sql: string, viewed: Viewed): string {
  return expandWith(sql, viewed, (value, _, format) => {
    return format === 'raw' ? value : quoted(value);
  });
}

function replaceVariables(sql: string, viewed: Viewed, write: WriteValue): string {
  return sql.replace(
    /\$\{(\w+)(?::(\w+))?\}|\$(?!__(?!from\b|to\b|interval\b|interval_ms\b|range_s\b|range_ms\b))(\w+)/g,
    (whole, braced?: string, format?: string, bare?: string) => {
      const name = (braced ?? bare)!;
      if (Object.hasOwn(GLOBALS, name)) return GLOBALS[name]!(viewed);
      const chosen = Object.hasOwn(viewed.variables, name) ? viewed.variables[name] : undefined;
      if (chosen === undefined) throw new Error(`no variable ${name}: ${whole} stays in the query`);
      const values = chosen === 'all' ? (viewed.options?.[name] ?? []) : chosen;
      // An empty list is no SQL; no row has an empty name.
      return (values.length === 0 ? [''] : values)
        .map((value) => write(value, name, format ?? ''))
        .join(',');
    },
  );
}

function replaceMacro(sql: string, name: string, macro: Macro, viewed: Viewed): string {
  const start = new RegExp(`\\$__${name}\\b`).exec(sql);
  if (start === null) return sql;
  const after = start.index + start[0].length;
  const { parameters, end } = argumentsAt(sql, after);
  const expanded = sql.slice(0, start.index) + macro(parameters, viewed);
  return expanded + replaceMacro(sql.slice(end), name, macro, viewed);
}

/** The parameters between the parentheses at `from`, and where the text goes on. */
function argumentsAt(sql: string, from: number): { parameters: string[]; end: number } {
  if (sql[from] !== '(') return { parameters: [], end: from };
  const parameters = [''];
  for (let at = from + 1, depth = 0; at < sql.length; at += 1) {
    const char = sql[at]!;
    if (char === ')' && depth === 0) {
      return { parameters: parameters.map((each) => each.trim()), end: at + 1 };
    }
    depth += char === '(' ? 1 : char === ')' ? -1 : 0;
    if (char === ',' && depth === 0) parameters.push('');
    else parameters.push(`${parameters.pop()!}${char}`);
  }
  throw new Error(`a parenthesis is not closed:\n${sql}`);
}

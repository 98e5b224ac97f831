// Expands what stands in a panel's SQL the way Grafana and its ClickHouse plugin 4.20 do before a query
// is sent: the plugin's macros, then Grafana's variables. An unknown macro or variable is an error.

/** What a person looks at. Values of a variable; `all` when All is chosen. */
export interface Viewed {
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
  readonly variables: Readonly<Record<string, readonly string[] | 'all'>>;
}

type Macro = (parameters: readonly string[], viewed: Viewed) => string;

const seconds = (ms: number): string => `toDateTime(${Math.floor(ms / 1_000)})`;
const millis = (ms: number): string => `fromUnixTimestamp64Milli(${ms})`;
const intervalSec = ({ intervalMs }: Viewed): number => Math.max(1, Math.floor(intervalMs / 1_000));

const MACROS: Readonly<Record<string, Macro>> = {
  timeFilter: ([c], { fromMs, toMs }) => `${c} >= ${seconds(fromMs)} AND ${c} <= ${seconds(toMs)}`,
  timeFilter_ms: ([c], { fromMs, toMs }) => `${c} >= ${millis(fromMs)} AND ${c} <= ${millis(toMs)}`,
  fromTime: (_, { fromMs }) => seconds(fromMs),
  toTime: (_, { toMs }) => seconds(toMs),
  fromTime_ms: (_, { fromMs }) => millis(fromMs),
  toTime_ms: (_, { toMs }) => millis(toMs),
  timeInterval: ([c], viewed) =>
    `toStartOfInterval(toDateTime(${c}), INTERVAL ${intervalSec(viewed)} second)`,
  timeInterval_ms: ([c], { intervalMs }) =>
    `toStartOfInterval(toDateTime64(${c}, 3), INTERVAL ${intervalMs} millisecond)`,
  interval_s: (_, viewed) => String(intervalSec(viewed)),
  conditionalAll: (parameters, { variables }) => {
    const name = parameters.at(-1)!.slice(1);
    return variables[name] === 'all' ? '1=1' : parameters.slice(0, -1).join(', ');
  },
};

/** The SQL that reaches ClickHouse. @throws {Error} for what neither of the two would expand. */
export function expand(sql: string, viewed: Viewed): string {
  let text = sql;
  // In the browser before anything else, hence before the variables inside its condition.
  for (const name of ['conditionalAll', ...Object.keys(MACROS)]) text = replace(text, name, viewed);
  text = text.replace(/\$\{(\w+):singlequote\}/g, (_, name: string) => quoted(name, viewed));
  const left = /\$\w+|\$\{[^}]*\}/.exec(text);
  if (left !== null) throw new Error(`${left[0]} stays in the query:\n${text}`);
  return text;
}

function replace(sql: string, name: string, viewed: Viewed): string {
  const start = new RegExp(`\\$__${name}\\b`).exec(sql);
  if (start === null) return sql;
  const after = start.index + start[0].length;
  const { parameters, end } = argumentsAt(sql, after);
  const expanded = MACROS[name]!(parameters, viewed);
  return replace(sql.slice(0, start.index) + expanded + sql.slice(end), name, viewed);
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

function quoted(name: string, { variables }: Viewed): string {
  const chosen = variables[name];
  if (chosen === undefined) throw new Error(`no variable ${name}`);
  // With All, Grafana puts in every option; nothing that uses it so may depend on there being any.
  if (chosen === 'all') return "''";
  return chosen.map((value) => `'${value.replaceAll("'", "\\'")}'`).join(',');
}

// The SQL of a panel as it goes to ClickHouse: values of variables are query parameters, which the server
// puts in as values, never as SQL. Only lists that stand in the dashboard's file may be SQL themselves.
import { expandWith, type Viewed } from './macros.ts';

export interface BoundQuery {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Formats that mean "a list of quoted values". */
const QUOTED = new Set(['', 'singlequote', 'sqlstring', 'csv']);

/**
 * Expands `sql`. `closed` has, for each variable whose values the dashboard itself lists, those values.
 * @throws {Error} when a macro or variable is not known, or a value would have to become SQL.
 */
export function bind(
  sql: string,
  viewed: Viewed,
  closed: Readonly<Record<string, readonly string[]>>,
): BoundQuery {
  const parameters: Record<string, string> = {};
  const known = new Map<string, string>();
  const expanded = expandWith(sql, viewed, (value, variable, format) => {
    const listed = Object.hasOwn(closed, variable) && closed[variable]!.includes(value);
    if (listed && (format === 'raw' || format === 'text' || format === '')) return value;
    if (!QUOTED.has(format)) {
      throw new Error(`the value of ${variable} cannot be put into SQL as ${format}`);
    }
    const key = `${variable}\n${value}`;
    const name = known.get(key) ?? `v${known.size}`;
    known.set(key, name);
    parameters[name] = value;
    return `{${name}:String}`;
  });
  // Between quotes a parameter would be read as text, and the query would quietly find nothing.
  const literals = expanded.match(/'(?:[^'\\]|\\.|'')*'/gs) ?? [];
  const inQuotes = literals.find((literal) => /\{v\d+:String\}/.test(literal));
  if (inQuotes !== undefined) throw new Error(`a variable stands between quotes: ${inQuotes}`);
  return { sql: expanded, parameters };
}

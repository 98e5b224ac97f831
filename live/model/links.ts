// Addresses of links as Grafana writes them: puts in variables and the time range, and allows only addresses
// that are safe to follow. Pure.
import type { TimeRange } from './time-range.ts';

export interface LinkContext {
  readonly range: TimeRange;
  readonly rangeMs: { readonly fromMs: number; readonly toMs: number };
  /** Chosen values by variable; `$__all` is All. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
  /** Of the row a data link stands in. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly value?: string;
}

/** The address with everything put in; undefined for one that is not http(s) or of this page. */
export function linkAddress(url: string, context: LinkContext): string | undefined {
  const filled = url.replace(/\$\{([^}]+)\}|\$(\w+)/g, (whole, braced?: string, bare?: string) => {
    return valueOf(braced ?? bare ?? '', context) ?? whole;
  });
  return /^(https?:\/\/|\/(?!\/)|\?)/i.test(filled) ? filled : undefined;
}

function valueOf(expression: string, context: LinkContext): string | undefined {
  const { fields = {}, range, rangeMs, value, variables } = context;
  const encode = encodeURIComponent;
  switch (expression) {
    case '__url_time_range':
      return `from=${encode(range.from)}&to=${encode(range.to)}`;
    case '__all_variables':
      return Object.entries(variables).flatMap(query).join('&');
    case '__from':
      return String(rangeMs.fromMs);
    case '__to':
      return String(rangeMs.toMs);
    case '__from:date':
    case '__from:date:iso':
      return new Date(rangeMs.fromMs).toISOString();
    case '__to:date':
    case '__to:date:iso':
      return new Date(rangeMs.toMs).toISOString();
  }
  if (/^__value\.(raw|text)(:\w+)?$/.test(expression)) return encode(value ?? '');
  const field = /^__data\.fields(?:\.([\w ]+)|\["([^"]+)"\])/.exec(expression);
  if (field !== null) return encode(fields[field[1] ?? field[2]!] ?? '');
  const [name = '', format] = expression.split(':');
  const values = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (values === undefined) return undefined;
  return format === 'queryparam' ? query([name, values]).join('&') : values.map(encode).join(',');
}

function query([name, values]: readonly [string, readonly string[]]): string[] {
  return values.map((value) => `var-${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
}

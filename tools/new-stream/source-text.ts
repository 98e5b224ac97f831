// Pieces of TypeScript as text: names and strings from outside, written so that they can only be names and
// strings.

/** A string literal in single quotes. */
export function literal(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

/** The name of a member in an object literal. */
export function member(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && name !== '__proto__' ? name : `[${literal(name)}]`;
}

/** Text in a line comment. */
export function remark(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\xa1-\u1fff]/gu, '?');
}

/** The names that the files of a stream use for it. */
export interface SourceNames {
  readonly stream: string;
  /** Of the files, without .ts. */
  readonly file: string;
  /** What streams/ exports. */
  readonly declared: string;
  /** What grafana/ exports. */
  readonly dashboard: string;
  readonly title: string;
}

export function sourceNames(stream: string): SourceNames {
  const camel = stream.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const words = stream.replaceAll('_', ' ');
  return {
    stream,
    file: stream.replaceAll('_', '-'),
    declared: `${camel}Stream`,
    dashboard: `${camel}Dashboard`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
  };
}

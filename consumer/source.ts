// What names a log for ever: topic and topic id. Offsets mean something only together with it.

export { sourceOf } from '../streams/origin.ts';

/** A text as a ClickHouse string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

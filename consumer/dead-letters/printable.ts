// Makes text of messages safe to show: it cannot move a cursor, change colours, start a new line or reverse
// the order of letters.
import { visible, visibleJson } from '../../platform/visible.ts';

/** The text with everything unsafe as `\u{…}`, and a backslash doubled so that this can be told apart. */
export function printable(text: string): string {
  return visible(text.replaceAll('\\', '\\\\'));
}

/** JSON of a value, indented, in which everything unsafe is escaped; it parses to the same value. */
export function printableJson(value: unknown): string {
  // Line breaks of the layout are the only controls that JSON.stringify leaves.
  return visibleJson(JSON.stringify(value, undefined, 2));
}

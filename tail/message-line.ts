// A message as one line for a person: time, place, key and the declared fields in their order; as plain text
// for a topic that no stream declares or a message that is not an event. Every character is visible.
import { isUtf8 } from 'node:buffer';
import { visible } from '../platform/visible.ts';
import { parseMessage } from '../streams/json-message.ts';
import { undecodable, type Rejection } from '../streams/rejection.ts';
import type { Column, TopicStream } from '../streams/stream.ts';
import { NO_RECORD_TIME, compileValidator, type RowValues } from '../streams/validate.ts';

export interface ShownMessage {
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export type Style = 'dim' | 'cyan' | 'green' | 'red' | 'yellow';

export interface MessageLineOptions {
  /** What the topic carries, where that is declared. */
  readonly stream?: TopicStream | undefined;
  readonly showKeys?: boolean;
  /** Colours a piece of text; default: not at all. */
  readonly paint?: Paint;
}

export type Paint = (style: Style, text: string) => string;

const plain: Paint = (_style, text) => text;
const TEXT_CHARS_MAX = 400;

/** Compiles what turns a message into its line, without the line's end. */
export function compileMessageLine(options: MessageLineOptions): (message: ShownMessage) => string {
  const { paint = plain, showKeys = false, stream } = options;
  const eventOf = stream === undefined ? undefined : compileEvent(stream, paint);
  return (message) => {
    const { key, offset, partition, timestampMs, value } = message;
    const event = eventOf?.(value, timestampMs);
    const parts = [
      paint('dim', timeOf(event?.timeMs ?? timestampMs)),
      paint('dim', `${partition}/${offset}`),
      ...(showKeys ? [paint('cyan', key === null ? '(no key)' : shown(key))] : []),
      event?.text ?? (value === null ? paint('yellow', '(no value)') : shown(value)),
    ];
    return parts.join('  ');
  };
}

interface ShownEvent {
  /** When it happened, epoch milliseconds. */
  readonly timeMs: number | undefined;
  readonly text: string;
}

function compileEvent(
  { eventTime, leaves }: TopicStream,
  paint: Paint,
): (value: Uint8Array | null, recordTimeMs: number) => ShownEvent {
  const validate = compileValidator({ columns: leaves });
  const row: RowValues = [];
  const timeAt = leaves.findIndex(({ name }) => name === eventTime);
  const rejectionOf = (value: Uint8Array, recordTimeMs: number): Rejection | undefined => {
    try {
      const parsed = parseMessage(value);
      return 'reason' in parsed ? parsed : validate(parsed.value, recordTimeMs, row, parsed.text);
    } catch (thrown) {
      return undecodable(thrown);
    }
  };
  return (value, recordTimeMs) => {
    const rejection = value === null ? undefined : rejectionOf(value, recordTimeMs);
    if (value === null || rejection !== undefined) {
      const { field = '', reason } = rejection ?? {};
      const why = reason === undefined ? '' : `: ${reason} ${field}`.trimEnd();
      const text = value === null ? '(no value)' : shown(value);
      return { timeMs: undefined, text: `${text}  ${paint('red', `(no event${visible(why)})`)}` };
    }
    const fields = leaves.flatMap((leaf, at) =>
      at === timeAt ? [] : [`${paint('dim', `${leaf.name}=`)}${cellOf(leaf, row[at]!, paint)}`],
    );
    return { timeMs: row[timeAt] as number, text: fields.join(' ') };
  };
}

function cellOf({ field }: Column, value: string | number, paint: Paint): string {
  switch (field.kind) {
    case 'boolean':
      return value === 1 ? paint('green', 'true') : paint('red', 'false');
    case 'instant':
      return timeOf(value as number).replace(' ', 'T');
    case 'text':
    case 'message':
      return cut(visible(String(value)));
    case 'integer':
    case 'float64':
      return String(value);
  }
}

/** UTC, to the millisecond; as a number where no calendar reaches. */
function timeOf(ms: number): string {
  if (ms === NO_RECORD_TIME) return '(no time)';
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  return date.toISOString().replace('T', ' ').replace('Z', '');
}

/** Bytes as text on one line; what is not UTF-8 as `\xff`. */
function shown(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)';
  if (isUtf8(bytes)) {
    // No character has more than four bytes; what is cut away is not made visible first.
    const start = bytes.subarray(0, 4 * (TEXT_CHARS_MAX + 1));
    return cut(visible(Buffer.from(start).toString('utf8')));
  }
  const characters = Array.from(bytes.subarray(0, TEXT_CHARS_MAX + 1), (byte) =>
    byte < 0x80 ? visible(String.fromCharCode(byte)) : `\\x${byte.toString(16)}`,
  );
  return cut(characters.join(''));
}

function cut(text: string): string {
  return text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX).toWellFormed()}…` : text;
}

// Decides what one value of a JSON file is: an event of the wanted key, somebody else's, or a mistake,
// told with file, place and member. What is declared is checked as a consumer would; what is not, kept.
import { isUtf8 } from 'node:buffer';
import { ConfigError } from '../platform/errors.ts';
import { allowedValue } from '../streams/csv.ts';
import type { Rejection } from '../streams/rejection.ts';
import { compileValidator, type RowValues } from '../streams/validate.ts';
import { quoted, type Event, type FileEvent, type FileSelection } from './file-event.ts';
import type { JsonPlace } from './json-splitter.ts';

/** A file is read before Kafka gives its events a time, so none lies too far ahead of it yet. */
const ANY_TIME_MS = Infinity;

/** Judges values in file order. */
export class JsonEvents {
  readonly #selection: FileSelection;
  readonly #validate: ReturnType<typeof compileValidator>;
  readonly #keyAt: number;
  readonly #timeAt: number;
  readonly #values: RowValues = [];
  #lastMs = -Infinity;

  constructor(selection: FileSelection) {
    const { leaves, key, eventTime } = selection.stream;
    this.#selection = selection;
    this.#validate = compileValidator({ columns: leaves });
    this.#keyAt = leaves.findIndex(({ name }) => name === key);
    this.#timeAt = leaves.findIndex(({ name }) => name === eventTime);
  }

  /**
   * The event that a value is; undefined when it has another key.
   * @throws {ConfigError} when it is no event, of no known key, or older than the one before.
   */
  read(bytes: Buffer, place: JsonPlace): FileEvent | undefined {
    const text = bytes.toString();
    const members = this.#parse(bytes, text, place);
    const rejection = this.#validate(members, ANY_TIME_MS, this.#values);
    if (rejection !== undefined) throw this.#rejected(rejection, place);
    if (this.#selection.key !== undefined && !this.#isWanted(place)) return undefined;
    return { members: members as Event, json: onOneLine(text) };
  }

  #parse(bytes: Buffer, text: string, place: JsonPlace): unknown {
    if (!isUtf8(bytes)) throw this.#error(place, 'is not UTF-8 text');
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      const problem = `is not JSON: ${quoted(text)}`;
      const hint = 'a file has an array of objects, or one object a line';
      throw this.#error(place, `${problem}; ${hint}`, { cause });
    }
  }

  #isWanted(place: JsonPlace): boolean {
    const { key, knownKeys = [], stream } = this.#selection;
    const ms = this.#values[this.#timeAt] as number;
    if (ms < this.#lastMs) {
      throw this.#error(place, `member ${stream.eventTime}: earlier than the event before`);
    }
    if (ms !== ANY_TIME_MS) this.#lastMs = ms;
    const found = String(this.#values[this.#keyAt]);
    if (found === key) return true;
    if (knownKeys.includes(found)) return false;
    const problem = `${quoted(found)} is unknown; allowed are ${knownKeys.join(', ')}`;
    throw this.#error(place, `member ${stream.key}: ${problem}`);
  }

  #rejected({ detail, field: path, reason }: Rejection, place: JsonPlace): ConfigError {
    if (path === '') return this.#error(place, `${detail} is no JSON object`);
    const leaf = this.#selection.stream.leaves.find((column) => column.path.join('.') === path);
    const allowed = leaf === undefined ? 'an object' : allowedValue(leaf.field);
    if (reason === 'missing_field') return this.#error(place, `member ${path}: is missing`);
    const found = reason === 'null_field' ? 'null' : detail;
    return this.#error(place, `member ${path}: ${found} is not ${allowed}`);
  }

  #error(place: JsonPlace, problem: string, options?: ErrorOptions): ConfigError {
    return placed(this.#selection.path, place, problem, options);
  }
}

/** `file.json element 17 (line 18): problem`, on one line. */
export function placed(
  path: string,
  { element, line }: JsonPlace,
  problem: string,
  options?: ErrorOptions,
): ConfigError {
  const where = element === undefined ? `line ${line}` : `element ${element} (line ${line})`;
  return new ConfigError(`${path} ${where}: ${problem}`, options);
}

/** JSON that is right, without the blanks around it and, if it has several lines, between its tokens. */
function onOneLine(json: string): string {
  const text = json.trim();
  if (!/[\n\r]/.test(text)) return text;
  return text.replaceAll(
    /("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\n\r]+/g,
    (_, string: string | undefined) => {
      return string ?? '';
    },
  );
}

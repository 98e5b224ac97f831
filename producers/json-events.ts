// Judges one value of a JSON file: an event of the wanted key, an event of another key, or a misfit with
// place, member and problem. It checks declared members as a consumer would, and keeps the others.
import { ConfigError } from '../platform/errors.ts';
import { allowedValue } from '../streams/csv.ts';
import { instantFault } from '../streams/instant-fault.ts';
import { instantMs } from '../streams/instant.ts';
import type { Rejection } from '../streams/rejection.ts';
import { columnOf, type Column } from '../streams/stream.ts';
import { compileValidator } from '../streams/validate.ts';
import type { FileOrder } from './csv-packer.ts';
import { compileTimeCheck, valueAt } from './event-times.ts';
import { quoted, type Event, type FileEvent, type FileSelection } from './file-event.ts';
import { TOO_DEEP, isTooDeep, syntaxHint, wrapperHint } from './json-fault.ts';
import type { JsonPlace } from './json-splitter.ts';
import { compileMisfits } from './misfit.ts';
import { onOneLine } from './one-line.ts';

/** Whether a time lies too far ahead is asked apart: the file is read before Kafka gives its events a time. */
const ANY_TIME_MS = Infinity;

/** Judges values in file order. */
export class JsonEvents implements FileOrder {
  readonly #selection: FileSelection;
  readonly #validate: ReturnType<typeof compileValidator>;
  readonly #timeFault: ReturnType<typeof compileTimeCheck>;
  readonly #misfit: ReturnType<typeof compileMisfits>;
  readonly #key: Column;
  readonly #time: Column;
  /** The time of the last event that was taken, where events of one key are. */
  lastMs = -Infinity;

  constructor(selection: FileSelection) {
    const { leaves, key, eventTime } = selection.stream;
    this.#selection = selection;
    this.#validate = compileValidator({ columns: leaves });
    this.#timeFault = compileTimeCheck({ leaves });
    this.#misfit = compileMisfits(selection);
    this.#key = columnOf(leaves, key)!;
    this.#time = columnOf(leaves, eventTime)!;
  }

  /**
   * The event or misfit that a value is; undefined when it has another key.
   * @throws {ConfigError} when it is older than the one before, where events of one key are taken.
   */
  read(bytes: Buffer, place: JsonPlace): FileEvent | undefined {
    const text = bytes.toString();
    if (isTooDeep(text)) return this.#outcast(place, TOO_DEEP, text, undefined, `[${text}]`);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      const hint = syntaxHint(text, place.element === undefined ? 'lines' : 'array');
      return this.#outcast(place, `is not JSON: ${quoted(text)}; ${hint}`, text, undefined);
    }
    const problem = this.#problemOf(value, text);
    if (problem !== undefined) return this.#outcast(place, problem, text, value);
    if (this.#selection.key !== undefined && !this.#isWanted(value, place)) return undefined;
    return { members: value as Event, json: onOneLine(text) };
  }

  #problemOf(value: unknown, text: string): string | undefined {
    const rejection = this.#validate(value, ANY_TIME_MS, [], text);
    if (rejection !== undefined) {
      return rejectionProblem(rejection, value, this.#selection.stream.leaves);
    }
    const fault = this.#timeFault(value);
    if (fault !== undefined) {
      const { leaf, problem, value: found } = fault;
      return `member ${leaf.path.join('.')}: ${quoted(String(found))} ${problem}`;
    }
    const { key, knownKeys = [] } = this.#selection;
    const found = String(valueAt(value, this.#key.path));
    if (key === undefined || knownKeys.includes(found)) return undefined;
    const unknown = `${quoted(found)} is unknown; allowed are ${knownKeys.join(', ')}`;
    return `member ${this.#key.name}: ${unknown}`;
  }

  #isWanted(value: unknown, place: JsonPlace): boolean {
    const { eventTime } = this.#selection.stream;
    const time = valueAt(value, this.#time.path);
    if (typeof time === 'number' || typeof time === 'string') {
      const ms = instantMs(time)!;
      if (ms < this.lastMs) {
        const problem = `member ${eventTime}: earlier than the event before`;
        throw placed(this.#selection.path, place, problem);
      }
      this.lastMs = ms;
    }
    return valueAt(value, this.#key.path) === this.#selection.key;
  }

  /** A value that does not fit, as the file writes it. */
  #outcast(
    place: JsonPlace,
    problem: string,
    text: string,
    value: unknown,
    json = text.trim(),
  ): FileEvent | undefined {
    const key = valueAt(value, this.#key.path);
    const named = typeof key === 'string' || typeof key === 'number' ? String(key) : '';
    const misfit = { place: placeText(place), line: place.line, problem, key: named };
    return this.#misfit(misfit, { value, json, rejected: () => `[${json}]` });
  }
}

/** Why a validator refuses a value, in words, with the member that it is about. */
export function rejectionProblem(
  { detail, field: path, reason }: Rejection,
  value: unknown,
  leaves: readonly Column[],
): string {
  if (path === '') return `${detail} is not a JSON object`;
  const leaf = leaves.find((column) => column.path.join('.') === path);
  if (reason === 'missing_field') return `member ${path}: is missing${wrapperHint(value)}`;
  const found = leaf === undefined ? undefined : valueAt(value, leaf.path);
  if (leaf?.field.kind === 'instant' && (typeof found === 'number' || typeof found === 'string')) {
    const fault = instantFault(leaf.field, found);
    if (fault !== undefined) return `member ${path}: ${quoted(String(found))} ${fault}`;
  }
  const isNumber = reason === 'out_of_range' || reason === 'not_finite';
  const allowed = leaf === undefined ? 'an object' : allowedValue(leaf.field, isNumber);
  return `member ${path}: ${reason === 'null_field' ? 'null' : detail} is not ${allowed}`;
}

/** `file.json element 17 (line 18): problem`, on one line. */
export function placed(
  path: string,
  place: JsonPlace,
  problem: string,
  options?: ErrorOptions,
): ConfigError {
  return new ConfigError(`${path} ${placeText(place)}: ${problem}`, options);
}

function placeText({ element, line }: JsonPlace): string {
  return element === undefined ? `line ${line}` : `element ${element} (line ${line})`;
}

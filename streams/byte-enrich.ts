// Enriches an event from bytes to bytes: it is looked through once, the members that a step says it reads are given
// to it, and those that it adds are put behind the event's own. It takes only what the validator takes and
// gives the very bytes that json-members.ts would give; all else is left to that.
import { JsonScan } from './json-scan.ts';
import type { JsonValue } from './json-members.ts';
import type { Column } from './stream.ts';

/** What a step adds to an event; `nowMs` is when it is processed. */
export type Adds = (
  event: Readonly<Record<string, unknown>>,
  nowMs: number,
) => Readonly<Record<string, JsonValue>>;

const QUOTE = 0x22;
/** Texts of detectors, devices and states come again and again. */
const TEXTS = 512;
/** Longer ones are not kept: 512 texts of a megabyte would be half a gigabyte. */
const KEPT_LENGTH_MAX = 1_024;

/** What a step adds to one event, and where: the rest of the event stays as it is written. */
export interface ByteEnrich {
  /**
   * The bytes that the event in `from` to `to` gets, valid until the next call; undefined for what is left to the
   * slow path.
   */
  added(
    bytes: Buffer,
    from: number,
    to: number,
    recordTimeMs: number,
    nowMs: number,
  ): Buffer | undefined;
  /** Where they go: before this byte. */
  readonly at: number;
}

/**
 * Compiles a step that reads the members `reads` and no others; undefined when one of them is no member at the top
 * of the event.
 */
export function compileByteEnrich(
  leaves: readonly Column[],
  adds: Adds,
  reads: readonly string[],
): ByteEnrich | undefined {
  const indexes = reads.map((name) => {
    return leaves.findIndex(({ path }) => path.length === 1 && path[0] === name);
  });
  return indexes.includes(-1) ? undefined : new CompiledEnrich(leaves, adds, reads, indexes);
}

class CompiledEnrich implements ByteEnrich {
  readonly #adds: Adds;
  readonly #reads: readonly string[];
  /** Places of what is read in the declaration. */
  readonly #indexes: readonly number[];
  readonly #scan: JsonScan;
  readonly #texts = new KnownTexts();
  readonly #members = new WrittenMembers();

  constructor(leaves: readonly Column[], adds: Adds, reads: readonly string[], indexes: number[]) {
    this.#adds = adds;
    this.#reads = reads;
    this.#indexes = indexes;
    this.#scan = new JsonScan(leaves);
  }

  get at(): number {
    return this.#scan.brace;
  }

  added(bytes: Buffer, from: number, to: number, recordTimeMs: number, nowMs: number) {
    const scan = this.#scan;
    if (!scan.scan(bytes, from, to, recordTimeMs) || scan.members === 0) return undefined;
    const event: Record<string, unknown> = {};
    for (let place = 0; place < this.#indexes.length; place += 1) {
      const index = this.#indexes[place]!;
      const valueFrom = scan.from[index]!;
      if (valueFrom < 0) continue;
      event[this.#reads[place]!] = valueAt(bytes, valueFrom, scan.to[index]!, this.#texts);
    }
    try {
      return this.#members.write(this.#adds(event, nowMs), scan);
    } catch {
      // The slow path throws it again, and says what of.
      return undefined;
    }
  }
}

/** A member's value; a text of the declaration has no escapes. */
function valueAt(bytes: Buffer, from: number, to: number, texts: KnownTexts): unknown {
  if (bytes[from] === QUOTE) return texts.of(bytes, from + 1, to - 1);
  return JSON.parse(bytes.toString('latin1', from, to)) as unknown;
}

/** Strings of bytes, of which the last ones are kept. */
class KnownTexts {
  readonly #slots: ({ readonly bytes: Buffer; readonly text: string } | undefined)[] =
    Array<undefined>(TEXTS).fill(undefined);

  of(bytes: Buffer, from: number, to: number): string {
    if (to - from > KEPT_LENGTH_MAX) return bytes.toString('utf8', from, to);
    let hash = to - from;
    for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const place = (hash >>> 0) % TEXTS;
    const known = this.#slots[place];
    if (known !== undefined && isSame(known.bytes, bytes, from, to)) return known.text;
    const own = Buffer.from(bytes.subarray(from, to));
    const text = own.toString('utf8');
    this.#slots[place] = { bytes: own, text };
    return text;
  }
}

function isSame(known: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let at = 0; at < known.length; at += 1) if (known[at] !== bytes[from + at]) return false;
  return true;
}

/** Members as they stand in JSON, each behind a comma, and what followed them before. */
interface Written {
  /** The name of the last one. */
  readonly name: Buffer;
  readonly json: string;
  bytes: Buffer | undefined;
  nextName: string;
  /** By the value of the member that comes next. */
  readonly next: Map<JsonValue, Written>;
}

/** Values come again: each text is made once for as long, and found without putting it together. */
class WrittenMembers {
  #nothing = written('', '');
  #count = 0;

  /** Undefined when the record has a member of one of these names already. */
  write(added: Readonly<Record<string, JsonValue>>, scan: JsonScan): Buffer | undefined {
    let last = this.#nothing;
    for (const name of Object.keys(added)) {
      const value = added[name];
      // Declared as JSON, but nobody checks it: JSON.stringify may leave it out, or find it changed next time.
      if (!isPlain(value)) return undefined;
      last = this.#then(last, name, value);
      if (scan.hasName(last.name)) return undefined;
    }
    return (last.bytes ??= Buffer.from(last.json));
  }

  #then(last: Written, name: string, value: JsonValue): Written {
    const known = last.nextName === name ? last.next.get(value) : undefined;
    if (known !== undefined) return known;
    const json = `${last.json},${JSON.stringify(name)}:${JSON.stringify(value)}`;
    const made = written(name, json);
    if (json.length > KEPT_LENGTH_MAX) return made;
    if (last.nextName !== name) last.next.clear();
    last.nextName = name;
    last.next.set(value, made);
    this.#count += 1;
    if (this.#count > TEXTS) [this.#nothing, this.#count] = [written('', ''), 0];
    return made;
  }
}

function isPlain(value: JsonValue | undefined): value is JsonValue {
  return value === null || (value !== undefined && typeof value !== 'object' && typeof value !== 'function'); // prettier-ignore
}

function written(name: string, json: string): Written {
  return { name: Buffer.from(name), json, bytes: undefined, nextName: '', next: new Map() };
}

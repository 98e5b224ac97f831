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
    let hash = to - from;
    for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const place = (hash >>> 0) % TEXTS;
    const known = this.#slots[place];
    if (known?.bytes.length === to - from && known.bytes.compare(bytes, from, to) === 0) {
      return known.text;
    }
    const own = Buffer.from(bytes.subarray(from, to));
    const text = own.toString('utf8');
    this.#slots[place] = { bytes: own, text };
    return text;
  }
}

/** Members as they stand in JSON, each behind a comma. Values come again: each text is made once for as long. */
class WrittenMembers {
  readonly #known = new Map<string, { name: Buffer; value: JsonValue; json: string }>();
  readonly #written = new Map<string, Buffer>();

  /** Undefined when the record has a member of one of these names already. */
  write(added: Readonly<Record<string, JsonValue>>, scan: JsonScan): Buffer | undefined {
    let json = '';
    for (const name of Object.keys(added)) {
      const member = this.#member(name, added[name]!);
      if (scan.hasName(member.name)) return undefined;
      json += member.json;
    }
    const known = this.#written.get(json);
    if (known !== undefined) return known;
    if (this.#written.size >= TEXTS) this.#written.clear();
    const bytes = Buffer.from(json);
    this.#written.set(json, bytes);
    return bytes;
  }

  #member(name: string, value: JsonValue): { readonly name: Buffer; readonly json: string } {
    const known = this.#known.get(name);
    if (known !== undefined && Object.is(known.value, value)) return known;
    const json = `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
    const member = { name: known?.name ?? Buffer.from(name), value, json };
    this.#known.set(name, member);
    return member;
  }
}

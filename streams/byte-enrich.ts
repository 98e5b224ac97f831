// Enriches a record from bytes to bytes: it is looked through once, the members that a step says it reads are given
// to it, and those that it adds are written behind the record's own. It takes only what the validator takes and
// answers with the very bytes that json-members.ts would give; all else is left to that.
import { JsonScan } from './json-scan.ts';
import type { JsonValue } from './json-members.ts';
import type { Column } from './stream.ts';

export type Adds = (
  event: Readonly<Record<string, unknown>>,
  nowMs: number,
) => Readonly<Record<string, JsonValue>>;

const QUOTE = 0x22;
/** Texts of detectors, devices and states come again and again. */
const TEXTS = 512;

/**
 * Compiles a step that reads the members `reads` and no others; undefined when one of them is no member at the top
 * of the event. The function returns undefined for what it leaves to the slow path.
 */
export function compileByteEnrich(
  leaves: readonly Column[],
  adds: Adds,
  reads: readonly string[],
): ((value: Buffer, recordTimeMs: number, nowMs: number) => Buffer | undefined) | undefined {
  const indexes = reads.map((name) => {
    return leaves.findIndex(({ path }) => path.length === 1 && path[0] === name);
  });
  if (indexes.includes(-1)) return undefined;
  const scan = new JsonScan(leaves);
  const texts = new KnownTexts();
  const members = new WrittenMembers();
  return (value, recordTimeMs, nowMs) => {
    if (!scan.scan(value, 0, value.length, recordTimeMs) || scan.members === 0) return undefined;
    const event: Record<string, unknown> = {};
    for (let at = 0; at < indexes.length; at += 1) {
      const from = scan.from[indexes[at]!]!;
      if (from >= 0) event[reads[at]!] = valueAt(value, from, scan.to[indexes[at]!]!, texts);
    }
    const added = members.write(adds(event, nowMs), scan);
    if (added === undefined) return undefined;
    const { brace } = scan;
    const out = Buffer.allocUnsafe(value.length + added.length);
    value.copy(out, 0, 0, brace);
    added.copy(out, brace);
    value.copy(out, brace + added.length, brace);
    return out;
  };
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

/** Members as they stand in JSON, each behind a comma; one with the value that it had last is not written again. */
class WrittenMembers {
  readonly #known = new Map<string, { name: Buffer; value: JsonValue; json: string }>();
  #last = '';
  #bytes: Buffer = Buffer.alloc(0);

  /** Undefined when the record has a member of one of these names already. */
  write(added: Readonly<Record<string, JsonValue>>, scan: JsonScan): Buffer | undefined {
    let json = '';
    for (const name of Object.keys(added)) {
      const member = this.#member(name, added[name]!);
      if (scan.hasName(member.name)) return undefined;
      json += member.json;
    }
    if (json !== this.#last) {
      this.#last = json;
      this.#bytes = Buffer.from(json);
    }
    return this.#bytes;
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

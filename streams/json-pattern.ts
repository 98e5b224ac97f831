// What the events of a topic have in common, learned from one of them: all bytes but those of its texts, numbers and
// words. An event that has the same ones in between is JSON with the same members, so that only its values need a look.
import { Literal } from './literal.ts';

/** Where the values of an event are that are no objects and no lists, in their order. */
export interface Scalars {
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  readonly count: number;
}

/** An event that was found to be JSON in UTF-8, and what of it is declared. */
export interface Seen {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly scalars: Scalars;
  /** Of each column where its value begins, below 0 where there is none. */
  readonly columnsFrom: ArrayLike<number>;
  /** Names of the members at its top. */
  readonly names: readonly Buffer[];
  /** Where its closing brace is. */
  readonly brace: number;
}

export class JsonPattern {
  /** What stands before each value. */
  readonly literals: readonly Literal[];
  /** The column of each value, -1 for one that is not declared. */
  readonly columns: Int32Array;
  readonly tail: Literal;
  readonly names: readonly Buffer[];
  /** How far the closing brace is from the end. */
  readonly braceFromEnd: number;

  private constructor(seen: Seen, literals: readonly Literal[], tail: Literal) {
    const { brace, columnsFrom, names, scalars, to } = seen;
    this.literals = literals;
    this.tail = tail;
    this.names = names;
    this.braceFromEnd = to - brace;
    const byStart = new Map(Array.from(columnsFrom, (from, column) => [from, column]));
    this.columns = Int32Array.from({ length: scalars.count }, (_, value) => {
      return byStart.get(scalars.from[value]!) ?? -1;
    });
  }

  static of(seen: Seen): JsonPattern {
    const { bytes, from, scalars, to } = seen;
    const literals: Literal[] = [];
    let at = from;
    for (let value = 0; value <= scalars.count; value += 1) {
      const isTail = value === scalars.count;
      const between = bytes.subarray(at, isTail ? to : scalars.from[value]!);
      literals.push(new Literal(Buffer.from(between)));
      if (!isTail) at = scalars.to[value]!;
    }
    const tail = literals.pop()!;
    return new JsonPattern(seen, literals, tail);
  }
}

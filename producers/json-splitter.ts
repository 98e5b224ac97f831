// The interface of the code that splits a JSON file into the texts of its values without parsing them and
// names the place of each. The two kinds are json-array.ts and json-lines.ts.

/** Where a value stands, both counted from 1. */
export interface JsonPlace {
  readonly line: number;
  /** Of an element in its array. */
  readonly element?: number;
}

/** A mistake in how values are strung together; what is within a value is not looked at. */
export interface JsonMistake {
  readonly place: JsonPlace;
  /** In words, to follow the place. */
  readonly problem: string;
}

/** Takes the bytes of one file, in pieces of any size, and hands each value on when it is complete. */
export interface JsonSplitter {
  /** A mistake ends the splitting. */
  feed(chunk: Buffer): JsonMistake | undefined;
  /** The file has ended. */
  finish(): JsonMistake | undefined;
}

/** Gets the bytes of a value, which are valid until it returns. */
export type OnValue = (bytes: Buffer, place: JsonPlace) => void;

export const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

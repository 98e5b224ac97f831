// One batch of rows as columns, filled value by value and sent as a ClickHouse Native block without
// another copy. A row exists only after `commitRow`: whatever was set before is overwritten by the
// next try, so a message may be rejected at any field. Assumes a little-endian machine, as Native does.
import type { Field } from '../../streams/field.ts';
import type { Stream } from '../../streams/stream.ts';
import { INSTANT_TYPE } from '../../streams/table.ts';
import { copyTo } from '../copy-bytes.ts';

const FIRST_CAPACITY_ROWS = 1_024;
const TWO_32 = 2 ** 32;

type Numbers = Float64Array | Uint8Array | Uint16Array | Uint32Array;

/** Values of one size. Write `values[row]` yourself: it is the hot path. */
export class FixedColumn<A extends Numbers> {
  readonly name: string;
  readonly type: string;
  /** Array elements per row: 64-bit integers are two 32-bit halves, low first. */
  readonly width: number;
  values: A;
  readonly #make: (length: number) => A;

  constructor(name: string, type: string, width: number, make: (length: number) => A) {
    this.name = name;
    this.type = type;
    this.width = width;
    this.#make = make;
    this.values = make(FIRST_CAPACITY_ROWS * width);
  }

  grow(capacityRows: number): void {
    const values = this.#make(capacityRows * this.width);
    values.set(this.values);
    this.values = values;
  }

  encoded(rows: number): Uint8Array {
    const { buffer, byteOffset, BYTES_PER_ELEMENT } = this.values;
    return new Uint8Array(buffer, byteOffset, rows * this.width * BYTES_PER_ELEMENT);
  }
}

/** Strings, each with its length as a varint in front, which is how Native stores them. */
export class TextColumn {
  readonly name: string;
  readonly type = 'String';
  bytes = Buffer.allocUnsafe(16 * FIRST_CAPACITY_ROWS);
  /** Where the committed rows end. */
  committed = 0;
  /** Where the row being written ends. */
  end = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Sets the row's value to bytes `from` to `to` of `source`. */
  setBytes(source: Uint8Array, from: number, to: number): void {
    const length = to - from;
    this.reserve(length + 5);
    const { bytes } = this;
    let at = this.committed;
    let rest = length;
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.end = copyTo(bytes, at, source, from, to);
  }

  set(text: string): void {
    const source = Buffer.from(text);
    this.setBytes(source, 0, source.length);
  }

  reserve(length: number): void {
    if (this.committed + length <= this.bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.committed + length));
    this.bytes.copy(bytes, 0, 0, this.committed);
    this.bytes = bytes;
  }
}

export type BlockColumn =
  | { readonly kind: 'text'; readonly text: TextColumn }
  | { readonly kind: 'float64'; readonly float64: FixedColumn<Float64Array> }
  | { readonly kind: 'boolean'; readonly uint8: FixedColumn<Uint8Array> }
  | { readonly kind: 'integer' | 'instant'; readonly int64: FixedColumn<Uint32Array> };

/** Of what a row was made; the name of its source in UTF-8. */
export interface RowOrigin {
  readonly sourceBytes: Uint8Array;
  readonly partition: number;
  readonly offset: number;
}

/** Of what each row was made, for streams that have an origin. */
interface OriginColumns {
  readonly source: TextColumn;
  readonly partition: FixedColumn<Uint16Array>;
  readonly offset: FixedColumn<Uint32Array>;
}

/** Writes an integer below 2^53 either way as 64 bits, two's complement. */
export function setInt64(values: Uint32Array, row: number, value: number): void {
  values[2 * row] = value % TWO_32;
  // Cut towards zero it would be one too much for what is negative and no multiple of 2^32.
  values[2 * row + 1] = value < 0 ? Math.floor(value / TWO_32) : value / TWO_32;
}

/** What {@link setInt64} wrote, below 2^53 either way. */
export function getInt64(values: Uint32Array, row: number): number {
  return values[2 * row]! + (values[2 * row + 1]! | 0) * TWO_32;
}

const uint16 = (name: string): FixedColumn<Uint16Array> =>
  new FixedColumn(name, 'UInt16', 1, (length) => new Uint16Array(length));

const int64 = (name: string, type: string): FixedColumn<Uint32Array> =>
  new FixedColumn(name, type, 2, (length) => new Uint32Array(length));

export class Block {
  /** Committed rows. */
  rows = 0;
  /** In the order of `stream.columns`. */
  readonly columns: readonly BlockColumn[];
  readonly partition = uint16('kafka_partition');
  readonly offset = int64('kafka_offset', 'UInt64');
  readonly timestamp = int64('kafka_timestamp', INSTANT_TYPE);
  readonly origin: OriginColumns | undefined;
  #capacityRows = FIRST_CAPACITY_ROWS;

  constructor(stream: Stream) {
    this.columns = stream.columns.map(({ name, field }) => columnOf(name, field));
    if (stream.origin === undefined) return;
    this.origin = {
      source: new TextColumn('origin_source'),
      partition: uint16('origin_partition'),
      offset: int64('origin_offset', 'UInt64'),
    };
  }

  /** Sets of what the next row was made. */
  setOrigin({ offset, partition, sourceBytes }: RowOrigin): void {
    const { origin } = this;
    if (origin === undefined) return;
    origin.source.setBytes(sourceBytes, 0, sourceBytes.length);
    origin.partition.values[this.rows] = partition;
    setInt64(origin.offset.values, this.rows, offset);
  }

  /** Makes the row that was set part of the block. */
  commitRow(partition: number, offset: number, timestampMs: number): void {
    const row = this.rows;
    this.partition.values[row] = partition;
    setInt64(this.offset.values, row, offset);
    setInt64(this.timestamp.values, row, timestampMs);
    for (const column of this.columns) {
      if (column.kind === 'text') column.text.committed = column.text.end;
    }
    if (this.origin !== undefined) this.origin.source.committed = this.origin.source.end;
    this.rows = row + 1;
    if (this.rows === this.#capacityRows) this.#grow();
  }

  #grow(): void {
    this.#capacityRows *= 2;
    for (const column of this.#all()) {
      if (column instanceof FixedColumn) column.grow(this.#capacityRows);
    }
  }

  /** Empties the block for reuse; its memory stays. */
  clear(): void {
    this.rows = 0;
    for (const column of this.columns) {
      if (column.kind === 'text') column.text.committed = 0;
    }
    if (this.origin !== undefined) this.origin.source.committed = 0;
  }

  /** Names of the columns besides those of the stream. */
  get lineage(): string[] {
    return this.#all()
      .slice(this.columns.length)
      .map(({ name }) => name);
  }

  /** `name Type, …` as `input()` wants it. */
  structure(): string {
    return this.#all()
      .map(({ name, type }) => `${name} ${type}`)
      .join(', ');
  }

  /** The block in Native format. The parts point into this block: send them before it changes. */
  encoded(): Uint8Array[] {
    const all = this.#all();
    const parts: Uint8Array[] = [Buffer.from([...varint(all.length), ...varint(this.rows)])];
    for (const column of all) {
      parts.push(Buffer.from([...string(column.name), ...string(column.type)]));
      parts.push(
        column instanceof TextColumn
          ? column.bytes.subarray(0, column.committed)
          : column.encoded(this.rows),
      );
    }
    return parts;
  }

  /** Bytes of the encoded rows, without the few of the head. */
  get bytes(): number {
    return this.#all().reduce((sum, column) => {
      if (column instanceof TextColumn) return sum + column.committed;
      return sum + this.rows * column.width * column.values.BYTES_PER_ELEMENT;
    }, 0);
  }

  #all(): (TextColumn | FixedColumn<Numbers>)[] {
    const own = this.columns.map((column) => {
      switch (column.kind) {
        case 'text':
          return column.text;
        case 'float64':
          return column.float64;
        case 'boolean':
          return column.uint8;
        case 'integer':
        case 'instant':
          return column.int64;
      }
    });
    const { source, partition, offset } = this.origin ?? {};
    const origin = [source, partition, offset].filter((column) => column !== undefined);
    return [...own, this.partition, this.offset, this.timestamp, ...origin] as (
      TextColumn | FixedColumn<Numbers>
    )[];
  }
}

function columnOf(name: string, field: Field): BlockColumn {
  const { kind } = field;
  switch (kind) {
    case 'message':
    case 'text':
      return { kind: 'text', text: new TextColumn(name) };
    case 'float64': {
      const float64 = new FixedColumn(name, 'Float64', 1, (length) => new Float64Array(length));
      return { kind, float64 };
    }
    case 'boolean': {
      const uint8 = new FixedColumn(name, 'UInt8', 1, (length) => new Uint8Array(length));
      return { kind, uint8 };
    }
    case 'integer':
      return { kind, int64: int64(name, 'Int64') };
    case 'instant':
      return { kind, int64: int64(name, INSTANT_TYPE) };
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

function string(text: string): number[] {
  const bytes = Buffer.from(text);
  return [...varint(bytes.length), ...bytes];
}

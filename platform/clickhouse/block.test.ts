// A block encodes exactly the rows that were committed, in Native format, however it grew.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sensorData } from '../../streams/sensor-data.ts';
import { Block, setInt64 } from './block.ts';

interface Decoded {
  rows: number;
  columns: Map<string, (string | number | bigint)[]>;
}

/** Reads a Native block back, without the code that wrote it. */
function readNative(bytes: Buffer): Decoded {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const text = (): string => {
    const length = varint();
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const take = (size: number, read: (from: number) => number | bigint) => () => {
    at += size;
    return read(at - size);
  };
  const readers: Record<string, () => string | number | bigint> = {
    String: text,
    Float64: take(8, (from) => bytes.readDoubleLE(from)),
    UInt8: take(1, (from) => bytes.readUInt8(from)),
    UInt16: take(2, (from) => bytes.readUInt16LE(from)),
    UInt64: take(8, (from) => bytes.readBigUInt64LE(from)),
    "DateTime64(3, 'UTC')": take(8, (from) => bytes.readBigInt64LE(from)),
  };
  const columnCount = varint();
  const rows = varint();
  const columns: Decoded['columns'] = new Map();
  for (let column = 0; column < columnCount; column += 1) {
    const name = text();
    const read = readers[text()]!;
    columns.set(name, Array.from({ length: rows }, read));
  }
  expect(at).toBe(bytes.length);
  return { rows, columns };
}

const row = fc.record({
  device: fc.string({ maxLength: 200 }),
  number: fc.double(),
  flag: fc.nat(1),
  ms: fc.nat(2 ** 53 - 1),
  offset: fc.nat(2 ** 53 - 1),
  partition: fc.nat(65_535),
  commit: fc.boolean(),
});

function set(
  block: Block,
  given: { device: string; number: number; flag: number; ms: number },
): void {
  for (const column of block.columns) {
    if (column.kind === 'text') column.text.set(given.device);
    if (column.kind === 'float64') column.float64.values[block.rows] = given.number;
    if (column.kind === 'boolean') column.uint8.values[block.rows] = given.flag;
    if (column.kind === 'instant') setInt64(column.int64.values, block.rows, given.ms);
  }
}

describe('Block', () => {
  it('holds committed rows only, across reuse', () => {
    const block = new Block(sensorData);
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        block.clear();
        for (const each of rows) {
          set(block, each);
          if (each.commit) block.commitRow(each.partition, each.offset, each.ms);
        }
        const kept = rows.filter(({ commit }) => commit);
        const { columns, rows: count } = readNative(Buffer.concat(block.encoded()));
        expect(count).toBe(kept.length);
        expect(columns.get('device_id')).toEqual(kept.map(({ device }) => device.toWellFormed()));
        expect(columns.get('co')).toEqual(kept.map(({ number }) => number));
        expect(columns.get('motion')).toEqual(kept.map(({ flag }) => flag));
        expect(columns.get('ts')).toEqual(kept.map(({ ms }) => BigInt(ms)));
        expect(columns.get('kafka_offset')).toEqual(kept.map(({ offset }) => BigInt(offset)));
        expect(columns.get('kafka_partition')).toEqual(kept.map(({ partition }) => partition));
        expect([...columns.keys()].join()).toBe(
          block
            .structure()
            .replaceAll(/ (String|Float64|UInt\d+|DateTime64\(3, 'UTC'\))/g, '')
            .replaceAll(' ', ''),
        );
      }),
    );
  });

  it('grows without losing a row', () => {
    const block = new Block(sensorData);
    for (let index = 0; index < 5_000; index += 1) {
      set(block, { device: `d${index}`, number: index / 3, flag: index % 2, ms: index });
      block.commitRow(index % 7, index, index);
    }
    const { columns } = readNative(Buffer.concat(block.encoded()));
    expect(columns.get('device_id')!.every((value, index) => value === `d${index}`)).toBe(true);
    expect(columns.get('temp')!.every((value, index) => value === index / 3)).toBe(true);
    expect(columns.get('kafka_offset')!.every((value, index) => value === BigInt(index))).toBe(
      true,
    );
  });
});

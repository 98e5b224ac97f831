// Whatever reading one record throws costs that record only.
import { expect, it } from 'vitest';
import { Block } from '../platform/clickhouse/block.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { compileDecode } from './decode.ts';

const RECORD_MS = Date.UTC(2026, 0, 1);
const text = JSON.stringify({
  data: { co: 0.1, humidity: 1, light: true, lpg: 0.1, motion: false, smoke: 0.1, temp: 1 },
  device_id: 'a',
  ts: 1_594_512_106,
});

function encoded(block: Block): Buffer {
  block.commitRow(0, 0, RECORD_MS);
  return Buffer.concat(block.encoded());
}

it('makes a dead letter of a message whose reading throws, and leaves the block unchanged', () => {
  const block = new Block(sensorData);
  const decode = compileDecode(sensorData, block, 100_000);
  const bytes = Buffer.from(text);
  const { float64 } = block.columns.find(({ kind }) => kind === 'float64') as {
    float64: { values: unknown };
  };
  const { values } = float64;
  // Nothing that arrives is known to throw, so the block does.
  float64.values = undefined;
  for (const each of [bytes, Buffer.from(` ${text}`)]) {
    expect(decode(each, 0, each.length, RECORD_MS)).toMatchObject({
      reason: 'undecodable',
      field: '',
      detail: expect.stringMatching(/^TypeError: /) as string,
    });
  }
  float64.values = values;
  expect(block.rows).toBe(0);
  expect(decode(bytes, 0, bytes.length, RECORD_MS)).toBeUndefined();
  const untouched = new Block(sensorData);
  compileDecode(sensorData, untouched, 100_000)(bytes, 0, bytes.length, RECORD_MS);
  expect(encoded(block)).toEqual(encoded(untouched));
});

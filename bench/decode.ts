// The cost of decoding: CPU per message of the consumer's decoder, of its slow path alone and of a bare
// JSON.parse, on the committed sensor data, median of several rounds. Prints a table.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileDecode } from '../consumer/decode.ts';
import { Block } from '../platform/clickhouse/block.ts';
import { compileCsvReader } from '../streams/csv.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { median } from './usage.ts';

const ROUNDS = 7;
const PASSES = 10;
const RECORD_MS = Date.UTC(2026, 0, 1);
const file = join(import.meta.dirname, '..', 'data', 'sensor_data.csv');
const [header = [], ...cells] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.replaceAll('"', '').split(','));
const read = compileCsvReader(sensorData, header);
const events = cells.map(read).filter((result) => result.ok);
const messages = events.map(({ event }) => Buffer.from(JSON.stringify(event)));
// The same events with their members in another order: the hot path leaves them.
const reordered = events.map(({ event }) => {
  return Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(event).reverse())));
});

function decodeAll(values: readonly Buffer[]): () => void {
  const block = new Block(sensorData);
  const decode = compileDecode(sensorData, block, 1_000_000);
  return () => {
    block.clear();
    for (const [offset, value] of values.entries()) {
      if (decode(value, 0, value.length, RECORD_MS) === undefined)
        block.commitRow(0, offset, RECORD_MS);
    }
    if (block.rows !== values.length) throw new Error('a good event was rejected');
  };
}

const parts: Record<string, () => void> = {
  'JSON.parse of the text, nothing checked': () => {
    for (const value of messages) JSON.parse(value.toString());
  },
  'decode, hot path': decodeAll(messages),
  'decode, slow path (members in another order)': decodeAll(reordered),
};
const figures: Record<string, number[]> = {};
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, part] of Object.entries(parts)) {
    const before = process.cpuUsage();
    for (let pass = 0; pass < PASSES; pass += 1) part();
    const { user, system } = process.cpuUsage(before);
    (figures[name] ??= []).push((user + system) / (PASSES * messages.length));
  }
}
for (const [name, found] of Object.entries(figures)) {
  process.stdout.write(`| ${name} | ${median(found).toFixed(2)} |\n`);
}

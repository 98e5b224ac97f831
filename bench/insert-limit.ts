// Child process, the insert limit: blocks that the consumer's own code encoded beforehand go into
// ClickHouse over HTTP, one after the other, as the consumer sends them. Arguments: rows, rows a block.
import { randomUUID } from 'node:crypto';
import { Batch } from '../consumer/batch.ts';
import { consumerVariables } from '../consumer/config.ts';
import { compileDecode } from '../consumer/decode.ts';
import { ClickHouseInserts } from '../consumer/clickhouse-inserts.ts';
import { Ledger } from '../consumer/ledger.ts';
import { writeBatch } from '../consumer/write-batch.ts';
import { sensorEvents } from '../data/device-model.ts';
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { clickhouseTarget } from '../platform/clickhouse/variables.ts';
import { readConfig } from '../platform/config.ts';
import { sensorData } from '../streams/sensor-data.ts';

const [rows = '0', blockRows = '100000'] = process.argv.slice(2);
const BLOCKS = 4;
const config = readConfig(consumerVariables);
await using clickhouse = new ClickHouse(clickhouseTarget(config), 'bench');
const { name: table } = sensorData.table;
const ledger = new Ledger(clickhouse, config.CLICKHOUSE_DB, table, randomUUID());
const inserts = new ClickHouseInserts(clickhouse, ledger, sensorData, table);
const sink = { facts: ledger, inserts };
const events = sensorEvents(DEFAULT_SEED)
  .take(BLOCKS * Number(blockRows))
  .toArray();
const batches = Array.from({ length: BLOCKS }, (_, number) => {
  const batch = new Batch(sensorData, config.MAX_MESSAGE_BYTES);
  const { block, spans } = batch;
  const decode = compileDecode(sensorData, block, config.MAX_MESSAGE_BYTES);
  for (let offset = 0; offset < Number(blockRows); offset += 1) {
    const event = events[(number * Number(blockRows) + offset) % events.length];
    const bytes = Buffer.from(JSON.stringify(event));
    decode(bytes, 0, bytes.length, Date.now());
    block.commitRow(0, offset, Date.now());
  }
  spans.set(0, {
    first: 0,
    next: block.rows,
    rows: block.rows,
    dead: 0,
    absent: [],
    duplicates: [],
    unreadable: [],
  });
  return batch;
});
const ownership = await ledger.claim(`insert-limit@${randomUUID()}`, [0]);
const startedAt = performance.now();
let sent = 0;
for (let index = 0; sent < Number(rows); index += 1) {
  const batch = batches[index % BLOCKS]!;
  batch.landed = 'nothing';
  await writeBatch(batch, ownership, Date.now(), sink);
  sent += batch.block.rows;
}
const sec = (performance.now() - startedAt) / 1_000;
process.stdout.write(`${JSON.stringify({ sec, rowsPerSec: sent / sec })}\n`);

// Measures one part of a benchmark: on empty tables, as a process of its own, with what the two
// servers spent meanwhile.
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { clickhouseTarget, clickhouseVariables } from '../platform/clickhouse/variables.ts';
import { readConfig } from '../platform/config.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { consumerPositions } from '../streams/table.ts';
import { runChild } from './child.ts';
import { SCRIPTS, type Cost, type Part } from './parts.ts';
import type { BenchServers } from './servers.ts';
import { usageOf } from './usage.ts';

/** Runs `part` over the first `rows` messages of `topic`, which must hold them. */
export async function measure(
  on: BenchServers,
  part: Part,
  topic: string,
  rows: number,
): Promise<Cost> {
  await empty(on);
  const [script, ...args] = SCRIPTS[part];
  const before = serversOf(on);
  const own = await runChild(
    script,
    part === 'insert-limit' ? [rows] : [topic, rows, ...args],
    on.env,
  );
  const after = serversOf(on);
  return {
    ...own,
    engineCpuSec: after.engine.cpuSec - before.engine.cpuSec,
    brokerCpuSec: after.broker.cpuSec - before.broker.cpuSec,
    enginePeakRssMb: after.engine.peakRssMb,
    brokerPeakRssMb: after.broker.peakRssMb,
  };
}

function serversOf({ clickhousePid, kafkaPid }: BenchServers) {
  return { engine: usageOf(clickhousePid), broker: usageOf(kafkaPid) };
}

async function empty({ env }: BenchServers): Promise<void> {
  const target = clickhouseTarget(readConfig(clickhouseVariables, env));
  await using clickhouse = new ClickHouse(target, 'bench');
  for (const table of [sensorData.table.name, consumerPositions.name]) {
    await clickhouse.command(`TRUNCATE TABLE ${table}`);
  }
}

// Measures one part of a benchmark: on empty tables, as a process of its own, with the CPU of the two servers
// meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { clickhouseTarget, clickhouseVariables } from '../platform/clickhouse/variables.ts';
import { readConfig } from '../platform/config.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { consumerPositions } from '../streams/table.ts';
import { runChild } from './child.ts';
import { SCRIPTS, type Cost, type Part } from './parts.ts';
import type { BenchServers } from './servers.ts';
import { usageOf } from './usage.ts';

const REST_MS = 500;
/** Of one core, both servers together. */
const REST_SHARE = 0.1;
const MAX_WAITS = 20;

/** Runs `part` over the first `rows` messages of `topic`, which must hold them. */
export async function measure(
  on: BenchServers,
  part: Part,
  topic: string,
  rows: number,
): Promise<Cost> {
  await empty(on);
  await atRest(on);
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

/** Waits until neither server has anything left to do of the part before: dropping parts, merging. */
async function atRest(on: BenchServers): Promise<void> {
  for (let waits = 0; waits < MAX_WAITS; waits += 1) {
    const before = serversOf(on);
    await sleep(REST_MS);
    const after = serversOf(on);
    const spentSec =
      after.engine.cpuSec - before.engine.cpuSec + after.broker.cpuSec - before.broker.cpuSec;
    if (spentSec < (REST_MS / 1_000) * REST_SHARE) return;
  }
}

async function empty({ env }: BenchServers): Promise<void> {
  const target = clickhouseTarget(readConfig(clickhouseVariables, env));
  await using clickhouse = new ClickHouse(target, 'bench');
  for (const table of [sensorData.table.name, consumerPositions.name]) {
    await clickhouse.command(`TRUNCATE TABLE ${table}`);
  }
}

// The traffic stream in containers, after the broker, ClickHouse and the consumer were restarted under it:
// every report of the raw topic is in the table once, and was handed on.
import assert from 'node:assert/strict';
import { kafkaClient } from '../backend/clients.ts';
import type { Check } from './check.ts';
import { until, type Stack } from './stack.ts';

const LEAST = 100;
const WITHIN_MS = 180_000;

async function logged(stack: Stack, topic: string): Promise<number> {
  const bootstrap = `localhost:${stack.port('KAFKA_HOST_PORT')}`;
  const admin = kafkaClient(bootstrap).admin({ retry: { retries: 1 } });
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}

async function arrived(stack: Stack): Promise<true | string> {
  const sent = await logged(stack, 'iot.traffic.raw');
  const [found] = await stack.query<Record<'rows' | 'reports' | 'working', number>>(
    `SELECT toUInt32(count()) AS rows, toUInt32(countIf(is_operational = 1)) AS working,
       toUInt32(uniqExact(origin_source, origin_partition, origin_offset)) AS reports
     FROM traffic_events`,
  );
  const { reports, rows, working } = found!;
  assert.equal(rows, reports, 'a report is there twice');
  const handedOn = await logged(stack, 'iot.traffic.viz');
  const said = `${sent} sent, ${rows} rows, ${working} of working detectors, ${handedOn} handed on`;
  return sent >= LEAST && rows >= sent && working > 0 && handedOn >= sent ? true : said;
}

export function trafficChecks(stack: Stack): Check[] {
  return [
    {
      name: 'every traffic report went through the processor into its table, once, and on to viz',
      run: () => until('the reports have arrived', WITHIN_MS, () => arrived(stack)),
    },
  ];
}

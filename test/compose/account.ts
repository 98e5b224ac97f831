// Whether everything that Kafka holds is in ClickHouse exactly once, counted from outside: end offsets
// over the published broker port, rows over the published HTTP port.
import { kafkaClient } from '../backend/clients.ts';
import type { Stack } from './stack.ts';

const TOPIC = 'sensor_data';
const GROUP = 'sensor-consumer';

export interface Member {
  readonly memberId: string;
  readonly partitions: readonly number[];
}

function bootstrap(stack: Stack): string {
  return `localhost:${stack.port('KAFKA_HOST_PORT')}`;
}

/** Rows in the table, if the account is exact; else in words what is not. */
export async function account(stack: Stack): Promise<number | string> {
  const admin = kafkaClient(bootstrap(stack)).admin({ retry: { retries: 1 } });
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(TOPIC).finally(() => admin.disconnect());
  const rows = await stack.query<{ partition: number; rows: string; distinct: string }>(
    `SELECT kafka_partition AS partition, toString(count()) AS rows,
       toString(uniqExact(kafka_offset)) AS distinct
     FROM sensor_data GROUP BY kafka_partition`,
  );
  const [others] = await stack.query<{ sources: number; dead: number }>(
    `SELECT toUInt32(uniqExact(kafka_source)) AS sources,
       toUInt32((SELECT count() FROM dead_letters)) AS dead FROM sensor_data`,
  );
  let total = 0;
  for (const { high, low, partition } of offsets) {
    const landed = rows.find((row) => row.partition === partition);
    const expected = Number(high) - Number(low);
    total += expected;
    const [count, distinct] = [Number(landed?.rows ?? 0), Number(landed?.distinct ?? 0)];
    if (count !== expected || distinct !== expected) {
      return `partition ${partition}: ${expected} messages, ${count} rows, ${distinct} offsets`;
    }
  }
  if (others!.sources > 1 || others!.dead > 0) {
    return `${others!.sources} sources, ${others!.dead} dead letters`;
  }
  return total;
}

/** An `until` condition: the account is exact and holds `rows` rows. */
export function holds(stack: Stack, rows: number): () => Promise<true | string> {
  return async () => {
    const found = await account(stack);
    if (found === rows) return true;
    return typeof found === 'string' ? found : `exact, but ${found} rows instead of ${rows}`;
  };
}

/** Rows of each device. */
export async function rowsByDevice(stack: Stack): Promise<Record<string, number>> {
  const rows = await stack.query<{ device_id: string; rows: number }>(
    'SELECT device_id, toUInt32(count()) AS rows FROM sensor_data GROUP BY device_id',
  );
  return Object.fromEntries(rows.map(({ device_id: device, rows: count }) => [device, count]));
}

/** The members of the consumer group with the partitions each reads. */
export async function members(stack: Stack): Promise<Member[]> {
  const admin = kafkaClient(bootstrap(stack)).admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([GROUP]).finally(() => admin.disconnect());
  const { AssignerProtocol } = (await import('kafkajs')).default;
  return groups[0]!.members.map(({ memberAssignment, memberId }) => {
    const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
    return { memberId, partitions: decoded?.assignment[TOPIC] ?? [] };
  });
}

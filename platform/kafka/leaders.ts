// Asks for offsets only while each partition has a leader. The client throws a TypeError when a leader is not
// among its known brokers, which would end the process.
import type { Admin } from '@platformatic/kafka';
import { UnavailableError } from '../errors.ts';

type Ask = Parameters<Admin['listOffsets']>[0];
type Answer = Awaited<ReturnType<Admin['listOffsets']>>;
type Asked = Pick<Admin, 'listOffsets' | 'metadata'>;

/**
 * `admin.listOffsets(ask)`. A partition is without a leader while its broker restarts or is late to report to
 * its controller; then the metadata are asked for again the next time.
 * @throws {UnavailableError} when a partition has no leader.
 */
export async function listOffsetsOfLeaders(admin: Asked, ask: Ask): Promise<Answer> {
  const names = ask.topics.map(({ name }) => name);
  await assertLeaders(admin, names, ask);
  return admin.listOffsets(ask);
}

async function assertLeaders(admin: Asked, names: string[], ask: Ask): Promise<void> {
  const asked = { topics: names, autocreateTopics: false };
  let known = await admin.metadata(asked);
  if (missing(known, ask) !== undefined)
    known = await admin.metadata({ ...asked, forceUpdate: true });
  const without = missing(known, ask);
  if (without !== undefined) throw new UnavailableError(`Kafka: ${without} has no leader`);
}

/** The first partition whose leader is not among the brokers. */
function missing(
  { brokers, topics }: Awaited<ReturnType<Asked['metadata']>>,
  ask: Ask,
): string | undefined {
  for (const { name, partitions } of ask.topics) {
    const led = topics.get(name)?.partitions;
    for (const { partitionIndex } of partitions) {
      const leader = led?.[partitionIndex]?.leader ?? -1;
      if (!brokers.has(leader)) return `partition ${partitionIndex} of ${name}`;
    }
  }
  return undefined;
}

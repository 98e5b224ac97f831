// A broker that has never seen a consumer group first has to create the topic that groups are kept in.
// Done before the consumer starts, so that its first join does not look like trouble.
import { createKafka } from '../../platform/kafka/client.ts';
import type { KafkaConfig } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';

/** Resolves once the broker serves groups, or will not soon: the consumer waits for it as well. */
export async function settleGroups(config: KafkaConfig): Promise<void> {
  const admin = createKafka(config, silentLog(), 'sensorhouse-launcher').admin();
  try {
    await admin.connect();
    await admin.fetchOffsets({ groupId: 'sensorhouse-launcher', topics: [] });
  } catch {
    // Whatever it is, the consumer tells it better.
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

// Removes members of a consumer group that are known to be dead. Otherwise the group would wait for the end
// of each one's session before another member gets its partitions.
import { createAdmin } from './admin.ts';
import { createKafka } from './client.ts';
import { kafkaFailure } from './failure.ts';
import type { KafkaConfig } from './variables.ts';
import { silentLog } from '../log.ts';

/**
 * Dismisses every member of `groupId`; one that lives after all joins again by itself. Waits until a
 * broker that is new to groups serves them.
 * @throws {UnavailableError | ConfigError}
 */
export async function dismissMembers(config: KafkaConfig, groupId: string): Promise<void> {
  const clientId = 'sensorhouse-group-members';
  const patient = createKafka(config, silentLog(), clientId).admin();
  const admin = createAdmin(config, clientId);
  try {
    await patient.connect();
    // kafkajs repeats this while the broker creates or loads the topic that groups are kept in.
    await patient.fetchOffsets({ groupId, topics: [] });
    await admin.removeMembersFromConsumerGroup({ groupId });
  } catch (thrown) {
    throw kafkaFailure(thrown, `Kafka: members of ${groupId}`);
  } finally {
    await patient.disconnect().catch(() => undefined);
    await admin.close();
  }
}

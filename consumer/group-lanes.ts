// Connects a member of a group with one lane per topic, in both directions.
import type { GroupConsumer } from '../platform/kafka/group-consumer.ts';
import type { GroupReceiver } from '../platform/kafka/group-receiver.ts';
import type { OpenTransactions } from '../platform/kafka/open-transactions.ts';
import type { TopicIdentities } from '../platform/kafka/topic-identity.ts';
import type { GroupLog } from './lane-parts.ts';
import type { Lane } from './lane.ts';

/** One topic as its lane sees it. */
export function groupLog(
  topic: string,
  group: GroupConsumer,
  identities: TopicIdentities,
  transactions?: OpenTransactions,
): GroupLog {
  return {
    topic,
    topicId: () => identities.idOf(topic),
    logRanges: () => group.logRanges(topic),
    committed: () => group.committed(topic),
    hidden: async () => (await transactions?.recordsOf(topic)) ?? 0,
    seek: (partition, offset) => group.seek(topic, partition, offset),
    commit: (positions) => group.commit(topic, positions),
  };
}

/** Hands everything on to the lanes, by topic. */
export function receiver(
  lanes: ReadonlyMap<string, Lane>,
  failed: (error: Error) => void,
): GroupReceiver {
  return {
    assigned: (partitions) => {
      for (const [topic, lane] of lanes) lane.assigned(partitions.get(topic) ?? []);
    },
    confirmed: () => {
      for (const lane of lanes.values()) lane.confirmed();
    },
    batch: async (batch, membership) => {
      const lane = lanes.get(batch.topic);
      return lane === undefined ? false : lane.batch(batch, membership);
    },
    failed,
  };
}

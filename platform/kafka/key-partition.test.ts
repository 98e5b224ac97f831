// The partition of a key is the one that kafkajs and Java give it.
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { expect, it } from 'vitest';
import { partitionOfKey } from './key-partition.ts';

it('agrees with the partitioner of kafkajs, which is that of Java', () => {
  const theirs = kafkajs.Partitioners.DefaultPartitioner();
  const keys = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string().map((key) => Buffer.from(key)),
  );
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 200 }), fc.nat(5), (key, partitions, before) => {
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        ...{ partitionId, leader: 1, partitionErrorCode: 0 },
        ...{ replicas: [], isr: [] },
      }));
      const message = { key: Buffer.from(key), value: null };
      const bytes = Buffer.concat([Buffer.alloc(before, 7), key, Buffer.of(1, 2)]);
      expect(partitionOfKey(bytes, before, before + key.length, partitions)).toBe(
        theirs({ topic: 't', partitionMetadata, message }),
      );
    }),
    { numRuns: 500 },
  );
});

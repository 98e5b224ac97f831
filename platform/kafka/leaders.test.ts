// Offsets are asked for when each partition has a leader among the brokers; otherwise Kafka is away, which is
// waited for: the client's own TypeError would end the process.
import type { Admin } from '@platformatic/kafka';
import { expect, it } from 'vitest';
import { UnavailableError } from '../errors.ts';
import { listOffsetsOfLeaders } from './leaders.ts';

const ask = {
  topics: [
    { name: 't', partitions: [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) },
  ],
};

/** Knows one broker, 1; its metadata name the leaders of `rounds`, one after the other. */
function adminOf(...rounds: number[][]) {
  const asked: (boolean | undefined)[] = [];
  const admin = {
    metadata: ({ forceUpdate }: { forceUpdate?: boolean }) => {
      const leaders = rounds[asked.length]!;
      asked.push(forceUpdate);
      const partitions = leaders.map((leader) => ({ leader }));
      return Promise.resolve({
        brokers: new Map([[1, {}]]),
        topics: new Map([['t', { partitions }]]),
      });
    },
    listOffsets: () => Promise.resolve(['offsets']),
  } as unknown as Pick<Admin, 'listOffsets' | 'metadata'>;
  return { admin, asked };
}

it('asks when all leaders are there', async () => {
  const { admin, asked } = adminOf([1, 1]);
  expect(await listOffsetsOfLeaders(admin, ask)).toEqual(['offsets']);
  expect(asked).toEqual([undefined]);
});

it.each([[[1, -1]], [[2, 1]], [[1]]])('is away with the leaders %j', async (leaders) => {
  const failing = listOffsetsOfLeaders(adminOf(leaders, leaders).admin, ask);
  await expect(failing).rejects.toThrow(UnavailableError);
  await expect(failing).rejects.toThrow(/Kafka: partition [01] of t has no leader/);
});

it('looks again when its knowledge is old', async () => {
  const { admin, asked } = adminOf([1, -1], [1, 1]);
  expect(await listOffsetsOfLeaders(admin, ask)).toEqual(['offsets']);
  expect(asked).toEqual([undefined, true]);
});

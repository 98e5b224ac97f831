// Every lane hears what concerns its topic, and asks the group for its own topic only.
import { expect, it } from 'vitest';
import type { GroupConsumer } from '../platform/kafka/group-consumer.ts';
import type { Membership, RecordBatch } from '../platform/kafka/group-receiver.ts';
import type { TopicIdentities } from '../platform/kafka/topic-identity.ts';
import type { OpenTransactions } from '../platform/kafka/open-transactions.ts';
import { groupLog, receiver } from './group-lanes.ts';
import type { Lane } from './lane.ts';

function lane(name: string, told: string[]): Lane {
  return {
    assigned: (partitions: readonly number[]) => void told.push(`${name} ${partitions.join('+')}`),
    confirmed: () => void told.push(`${name} confirmed`),
    batch: () => Promise.resolve(name === 'a'),
  } as unknown as Lane;
}

it('gives every lane its partitions, or an empty list, and passes batches to the lane of their topic', async () => {
  const told: string[] = [];
  const failures: Error[] = [];
  const lanes = new Map([['t1', lane('a', told)], ['t2', lane('b', told)]]); // prettier-ignore
  const group = receiver(lanes, (error) => failures.push(error));
  group.assigned(new Map([['t1', [0, 2]], ['t9', [1]]])); // prettier-ignore
  group.confirmed();
  expect(told).toEqual(['a 0+2', 'b ', 'a confirmed', 'b confirmed']);
  const taken = ['t1', 't2', 't9'].map((topic) =>
    group.batch({ topic } as RecordBatch, {} as Membership),
  );
  expect(await Promise.all(taken)).toEqual([true, false, false]);
  const failure = new Error('x');
  group.failed(failure);
  expect(failures).toEqual([failure]);
});

it('asks for one topic', async () => {
  const asked: unknown[][] = [];
  const note = (name: string) => (...args: unknown[]) => {
    asked.push([name, ...args]);
    return Promise.resolve(name === 'recordsOf' ? 7 : name);
  }; // prettier-ignore
  const group = Object.fromEntries(
    ['logRanges', 'committed', 'seek', 'commit'].map((name) => [name, note(name)]),
  ) as unknown as GroupConsumer;
  const identities = { idOf: note('idOf') } as unknown as TopicIdentities;
  const transactions = { recordsOf: note('recordsOf') } as unknown as OpenTransactions;
  const log = groupLog('t', group, identities, transactions);
  const positions = new Map([[1, 9]]);
  expect(log.topic).toBe('t');
  expect(await log.topicId()).toBe('idOf');
  expect(await log.hidden()).toBe(7);
  expect(await groupLog('t', group, identities).hidden()).toBe(0);
  await log.logRanges();
  await log.committed();
  log.seek(1, 9);
  await log.commit(positions);
  expect(asked).toEqual([
    ...[['idOf', 't'], ['recordsOf', 't'], ['logRanges', 't'], ['committed', 't']],
    ...[['seek', 't', 1, 9], ['commit', 't', positions]],
  ]); // prettier-ignore
});
